import { expect, it } from "vitest";
import { localeOf } from "../src/i18n/locale";

const written = (locale: string) =>
  new Intl.DateTimeFormat(locale, { dateStyle: "short", timeStyle: "short", timeZone: "UTC" })
    .format(new Date("2026-11-22T14:05:00Z"))
    .replace(/\s/g, " ");

it.each([
  ["en", ["en-US", "en"], "11/22/26, 2:05 PM"],
  ["en", ["en-GB"], "22/11/2026, 14:05"],
  ["en", ["de-DE", "en-GB"], "22/11/2026, 14:05"],
  ["en", ["de-DE"], "11/22/26, 14:05"],
  ["zh", ["zh-CN"], "2026/11/22 14:05"],
])("a date in %s for %j", (language, wanted, expected) => {
  expect(written(localeOf(language, wanted))).toBe(expected);
});
