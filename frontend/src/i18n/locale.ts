/**
 * The locale in which dates and numbers are written: that of the browser's user where it is one of the page's
 * language (`en-GB`), else the language with the clock of 12 or 24 hours that the user is accustomed to.
 *
 * @param wanted the user's locales, the dearest first
 */
export function localeOf(language: string, wanted: readonly string[] = wishes()): string {
  if (language === "zh") return "zh-CN";
  const own = wanted.find((one) => one.toLowerCase().split("-")[0] === language);
  if (own) return own;
  const { hourCycle } = new Intl.DateTimeFormat(wanted[0], { hour: "numeric" }).resolvedOptions();
  return hourCycle ? `${language}-u-hc-${hourCycle}` : language;
}

function wishes(): readonly string[] {
  return globalThis.navigator?.languages ?? [];
}
