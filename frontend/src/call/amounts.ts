import { localeOf } from "../i18n/locale";

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

/** 512_000_000 -> `512 MB`. */
export function bytes(count: number, language: string): string {
  const power = count < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(count) / 3));
  const unit = UNITS[power] ?? "byte";
  const maximumFractionDigits = unit === "gigabyte" ? 2 : 0;
  const format = new Intl.NumberFormat(localeOf(language), {
    style: "unit",
    unit,
    maximumFractionDigits,
  });
  return format.format(count / 1000 ** power);
}

/** 40 -> `40 sec`, 200 -> `4 min`. */
export function span(seconds: number, language: string): string {
  const long = seconds >= 90;
  const unit = long ? "minute" : "second";
  const format = new Intl.NumberFormat(localeOf(language), { style: "unit", unit });
  return format.format(Math.ceil(long ? seconds / 60 : seconds));
}
