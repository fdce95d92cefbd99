import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";

/** Nearer to the end than this, one reads along (px). */
const NEAR = 48;

/**
 * Keeps the newest words in sight as `inside` grows, unless the reader has scrolled up.
 *
 * @param outside what scrolls
 * @param inside what grows in it
 */
export function useStick(
  outside: RefObject<HTMLElement | null>,
  inside: RefObject<HTMLElement | null>,
): { away: boolean; toEnd: (smooth?: boolean) => void } {
  const [away, setAway] = useState(false);
  const stuck = useRef(true);
  const last = useRef(0);

  const toEnd = useCallback(
    (smooth = false) => {
      const element = outside.current;
      if (!element) return;
      stuck.current = true;
      setAway(false);
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      const behavior = smooth && !calm ? "smooth" : "instant";
      element.scrollTo({ top: element.scrollHeight, behavior });
    },
    [outside],
  );

  useLayoutEffect(() => toEnd(), [toEnd]);

  useEffect(() => {
    const element = outside.current;
    if (!element || !inside.current) return;
    const onScroll = () => {
      const distance = element.scrollHeight - element.clientHeight - element.scrollTop;
      // Growth alone takes the end away as well; only going up says that one wants to read there.
      if (distance <= NEAR) stuck.current = true;
      else if (element.scrollTop < last.current - 1) stuck.current = false;
      last.current = element.scrollTop;
      setAway(!stuck.current);
    };
    const growth = new ResizeObserver(() => {
      if (stuck.current) element.scrollTo({ top: element.scrollHeight, behavior: "instant" });
    });
    element.addEventListener("scroll", onScroll, { passive: true });
    growth.observe(inside.current);
    growth.observe(element);
    return () => {
      element.removeEventListener("scroll", onScroll);
      growth.disconnect();
    };
  }, [outside, inside]);

  return { away, toEnd };
}
