import { localeOf } from "./locale";

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["minute", 60],
  ["hour", 60],
  ["day", 24],
  ["month", 30],
  ["year", 12],
];

/**
 * How long a moment is away, roughly: "5 minutes ago", "in 2 days", "刚才". Less than a minute is
 * "now". `moment` is an ISO time.
 */
export function ago(moment: string, now: Date, language: string): string {
  const words = new Intl.RelativeTimeFormat(localeOf(language), {
    numeric: "auto",
  });
  const seconds = (Date.parse(moment) - now.getTime()) / 1000;
  let [unit, amount]: [Intl.RelativeTimeFormatUnit, number] = ["second", seconds];
  for (const [larger, many] of STEPS) {
    if (Math.abs(amount) < many) break;
    [unit, amount] = [larger, amount / many];
  }
  return words.format(unit === "second" ? 0 : Math.trunc(amount), unit);
}

/** A date and time as people write it: "Nov 22, 10:30". */
export function moment(iso: string, language: string): string {
  return new Intl.DateTimeFormat(localeOf(language), {
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
  }).format(new Date(iso));
}
