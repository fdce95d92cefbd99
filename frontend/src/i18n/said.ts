import { PATTERNS, SENTENCES } from "./sentences";

/** What the server says in Chinese where it is known, sentence by sentence, else as it is. */
export function inChinese(said: string): string {
  const whole = translated(said);
  if (whole !== null) return whole;
  const parts = said.split(/(?<=[.!?]) (?=[A-Z\d'])/);
  const found = parts.map(translated);
  if (parts.length === 1 || found.every((one) => one === null)) return said;
  return found.map((one, index) => one ?? parts[index]).join("");
}

function translated(sentence: string): string | null {
  const known = SENTENCES[sentence];
  if (known !== undefined) return known;
  for (const [pattern, chinese] of PATTERNS) {
    if (pattern.test(sentence)) return sentence.replace(pattern, chinese);
  }
  return null;
}
