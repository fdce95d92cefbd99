import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react";
import { flushSync } from "react-dom";

/** Messages drawn at first, and more each time the reader comes near the oldest. */
const PORTION = 50;
const AHEAD = "600px";

/**
 * The end of a long list, and more of it as the reader scrolls up to `sentinel`.
 *
 * @param outside what scrolls
 */
export function useRecent<Item>(
  items: Item[],
  outside: RefObject<HTMLElement | null>,
): { recent: Item[]; older: boolean; sentinel: RefObject<HTMLDivElement | null> } {
  const [count, setCount] = useState(PORTION);
  const sentinel = useRef<HTMLDivElement>(null);
  const height = useRef(0);
  const older = items.length > count;

  // biome-ignore lint/correctness/useExhaustiveDependencies: watched anew after each portion
  useEffect(() => {
    if (!older || !sentinel.current) return;
    const watcher = new IntersectionObserver(
      (seen) => {
        if (!seen.some((one) => one.isIntersecting)) return;
        height.current = outside.current?.scrollHeight ?? 0;
        setCount((before) => before + PORTION);
      },
      { root: outside.current, rootMargin: `${AHEAD} 0px 0px` },
    );
    watcher.observe(sentinel.current);
    return () => watcher.disconnect();
  }, [older, outside, count]);

  // On paper nobody scrolls up.
  useEffect(() => {
    const all = () => flushSync(() => setCount(Number.POSITIVE_INFINITY));
    window.addEventListener("beforeprint", all);
    return () => window.removeEventListener("beforeprint", all);
  }, []);

  // Browsers that do not hold the place by themselves when something appears above it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: after each portion
  useLayoutEffect(() => {
    const element = outside.current;
    if (!element || height.current === 0 || CSS.supports("overflow-anchor", "auto")) return;
    element.scrollTop += element.scrollHeight - height.current;
  }, [count, outside]);

  return { recent: older ? items.slice(-count) : items, older, sentinel };
}
