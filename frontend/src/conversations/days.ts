import type { Translate } from "../i18n/language";
import { localeOf } from "../i18n/locale";
import type { Hit } from "./api";

export interface Day {
  label: string;
  hits: Hit[];
}

/** Hits, newest first, under headings such as Today, Yesterday, or a month. */
export function byDay(hits: Hit[], now: Date, language: string, t: Translate): Day[] {
  const days: Day[] = [];
  for (const hit of hits) {
    const label = labelOf(new Date(hit.conversation.updated_at), now, language, t);
    const last = days.at(-1);
    if (last?.label === label) last.hits.push(hit);
    else days.push({ label, hits: [hit] });
  }
  return days;
}

function labelOf(then: Date, now: Date, language: string, t: Translate): string {
  const ago = Math.round((midnight(now) - midnight(then)) / DAY);
  // A clock that is ahead of the server's is no reason to speak of tomorrow.
  if (ago <= 0) return t("days.today");
  if (ago === 1) return t("days.yesterday");
  if (ago <= 7) return t("days.week");
  if (ago <= 30) return t("days.month");
  const locale = localeOf(language);
  return new Intl.DateTimeFormat(locale, { year: "numeric", month: "long" }).format(then);
}

const DAY = 24 * 60 * 60 * 1000;

function midnight(moment: Date): number {
  return new Date(moment.getFullYear(), moment.getMonth(), moment.getDate()).getTime();
}
