import { useEffect, useRef } from "react";
import type { CallStore } from "../conversation/store";
import { paintOrb } from "./orb-paint";
import "./orb.css";

interface Props {
  store: CallStore;
  /** Who holds the floor: a word of `state.…`. */
  floor: string;
  mood?: string | null;
}

const BUSY = new Set(["thinking", "connecting", "reconnecting", "full"]);
const SHARPEST = 2;
/** Every other frame of a screen: a machine without a graphics processor paints with the very cores
 * that recognise, think and speak. */
const MOVING_MILLISECONDS = 30;
/** With less motion the orb only brightens with the voices: a few times a second is enough. */
const STILL_MILLISECONDS = 120;

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
    let painted = 0;
    const paint = (time: number) => {
      frame = requestAnimationFrame(paint);
      shown.user = follow(shown.user, store.levels.user);
      shown.agent = follow(shown.agent, store.levels.agent);
      if (time - painted < (calm.matches ? STILL_MILLISECONDS : MOVING_MILLISECONDS)) return;
      painted = time;
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
    frame = requestAnimationFrame(paint);
    return () => cancelAnimationFrame(frame);
  }, [store]);

  return (
    <span className={`orb ${floor}`} data-mood={mood ? (MOODS[mood] ?? "") : ""} aria-hidden="true">
      <canvas ref={canvas} />
    </span>
  );
}

/** Quick to rise, slow to fall, as ears are. */
function follow(shown: number, target: number): number {
  return shown + (target - shown) * (target > shown ? 0.4 : 0.12);
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
