import { useEffect, useRef } from "react";
import type { CallStore } from "../conversation/store";
import { BUSY, follow, pause } from "./orb-pace";
import { paintOrb } from "./orb-paint";
import "./orb.css";

interface Props {
  store: CallStore;
  /** Who holds the floor: a word of `state.…`. */
  floor: string;
  mood?: string | null;
}

const SHARPEST = 2;

/** A ball of light that lives with both voices. Painted outside React. */
export function Orb({ store, floor, mood }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const now = useRef(floor);
  now.current = floor;

  useEffect(() => {
    const element = canvas.current;
    const pen = element?.getContext("2d");
    if (!element || !pen) return;
    const calm = matchMedia("(prefers-reduced-motion: reduce)");
    const colours = getComputedStyle(element);
    const shown = { user: 0, agent: 0 };
    let frame = 0;
    let timer = 0;
    let painted = 0;
    // A frame is asked for only when one is due: each costs the whole page's, painted or not.
    const ask = () => {
      frame = requestAnimationFrame(paint);
    };
    const paint = (time: number) => {
      const passed = time - painted;
      painted = time;
      shown.user = follow(shown.user, store.levels.user, passed);
      shown.agent = follow(shown.agent, store.levels.agent, passed);
      const loudest = Math.max(shown.user, shown.agent);
      timer = window.setTimeout(ask, pause(now.current, loudest, calm.matches));
      const size = Math.round(element.clientWidth * Math.min(SHARPEST, devicePixelRatio));
      if (size === 0) return;
      if (element.width !== size) element.width = element.height = size;
      paintOrb(pen, size, {
        time: time / 1000,
        user: now.current === "muted" ? 0 : shown.user,
        agent: shown.agent,
        busy: BUSY.has(now.current),
        still: calm.matches,
        light: colours.color,
        middle: colours.fill,
        deep: colours.stroke,
      });
    };
    ask();
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }, [store]);

  return (
    <span className={`orb ${floor}`} data-mood={mood ? (MOODS[mood] ?? "") : ""} aria-hidden="true">
      <canvas ref={canvas} />
    </span>
  );
}

/** Feelings in families: each has a colour of the orb. */
const MOODS: Record<string, string> = {
  happy: "warm",
  laughing: "warm",
  funny: "warm",
  silly: "warm",
  winking: "warm",
  delicious: "warm",
  loving: "rose",
  kissy: "rose",
  embarrassed: "rose",
  angry: "rose",
  sad: "blue",
  crying: "blue",
  sleepy: "blue",
  relaxed: "blue",
  surprised: "violet",
  shocked: "violet",
  confused: "violet",
  thinking: "violet",
};
