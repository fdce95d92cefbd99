/** Seconds as a person reads them: "85 ms", "1.24 s"; a dash where there is none. */
export function inSeconds(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return "–";
  if (Math.abs(seconds) < 0.1) return `${Math.round(seconds * 1000)} ms`;
  return `${seconds.toFixed(2)} s`;
}
