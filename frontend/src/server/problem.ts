import { type Problem, problemOfRequest } from "../conversation/problem";
import { type Translate, useLanguage } from "../i18n/language";

/** A failed request as one sentence a person can act on. */
export function useProblemText(error: unknown): string {
  const { t, said } = useLanguage();
  return problemText(problemOfRequest(error), t, said);
}

export function problemText(
  { key, detail }: Problem,
  t: Translate,
  said: (sentence: string) => string = (sentence) => sentence,
): string {
  // The server's own words are the better ones where the page only knows that something failed.
  if (detail && key === "problem.failed") return said(detail);
  return t(key);
}
