import type { Translate } from "../i18n/language";
import { localeOf } from "../i18n/locale";

/** When something comes again. Monday is day 0. */
export interface Repeat {
  days?: number[];
  month_day?: number;
  month?: number;
  every_minutes?: number;
  time?: string;
}

const MONDAY = Date.UTC(2024, 0, 1);
const DAY = 24 * 60 * 60 * 1000;

/** "Every day, 08:00"; "Monday and Friday, 07:30"; "Every 30 minutes". */
export function repeatText(repeat: Repeat, t: Translate, language: string): string {
  const locale = localeOf(language);
  if (repeat.every_minutes !== undefined) {
    const hours = repeat.every_minutes / 60;
    return Number.isInteger(hours)
      ? t("reminders.everyHours", { count: String(hours) })
      : t("reminders.everyMinutes", { count: String(repeat.every_minutes) });
  }
  return [daysText(repeat, t, locale), repeat.time]
    .filter(Boolean)
    .join(language === "zh" ? " " : ", ");
}

function daysText(repeat: Repeat, t: Translate, locale: string): string {
  const { days, month_day, month } = repeat;
  if (month_day !== undefined && month !== undefined) {
    const date = new Date(Date.UTC(2024, month - 1, month_day));
    const name = new Intl.DateTimeFormat(locale, {
      month: "long",
      day: "numeric",
      timeZone: "UTC",
    });
    return t("reminders.everyYear", { date: name.format(date) });
  }
  if (month_day !== undefined) return t("reminders.everyMonth", { day: String(month_day) });
  const wanted = [...new Set(days ?? [])].sort();
  if (wanted.length === 0 || wanted.length === 7) return t("reminders.everyDay");
  if (wanted.join() === "0,1,2,3,4") return t("reminders.workdays");
  if (wanted.join() === "5,6") return t("reminders.weekend");
  const weekday = new Intl.DateTimeFormat(locale, { weekday: "long", timeZone: "UTC" });
  const names = wanted.map((day) => weekday.format(new Date(MONDAY + day * DAY)));
  return new Intl.ListFormat(locale).format(names);
}
