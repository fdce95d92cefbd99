/** What of a call makes the orb pulse by itself: the agent is at work. */
export const BUSY = new Set(["thinking", "connecting", "reconnecting", "full"]);

/* A machine without a graphics processor paints with the very cores that recognise, think and speak. A frame
 * comes with the screen's next, half of one later than asked for: what is asked for is so much less. */
/** Every other frame of a screen, while a voice moves it. */
const MOVING_MILLISECONDS = 25;
/** It only drifts: by less than two points from frame to frame. */
const DRIFTING_MILLISECONDS = 75;
/** With less motion it does not drift and only brightens with the voices. */
const STILL_MILLISECONDS = 120;
/** Loudness that is seen. */
const AUDIBLE = 0.03;
const SCREEN_FRAME = 1000 / 60;

/** Milliseconds until another frame is worth painting. `floor` is a word of `state.…`, `loudness` 0..1. */
export function pause(floor: string, loudness: number, still: boolean): number {
  if (still) return STILL_MILLISECONDS;
  return loudness > AUDIBLE || BUSY.has(floor) ? MOVING_MILLISECONDS : DRIFTING_MILLISECONDS;
}

/** Quick to rise, slow to fall, as ears are, after so many milliseconds. */
export function follow(shown: number, target: number, passed: number): number {
  const left = (target > shown ? 0.6 : 0.88) ** (passed / SCREEN_FRAME);
  return target + (shown - target) * left;
}
