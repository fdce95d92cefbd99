const SHORTEST = 4;
/** Characters of Chinese that hold sentences together, and say nothing of what one is after. */
const SMALL = /[的了是吗呢在和有我你您他她它们这那什么怎多少几哪谁吧啊个会能要可以请问]/;
const CHINESE = /\p{Script=Han}/u;

/** What of a question is worth marking in what was found: its longer words, and pairs of Chinese characters. */
export function keywords(question: string): string {
  const runs = question.match(/\p{Script=Han}+|[\p{L}\p{N}-]+/gu) ?? [];
  const words = runs.flatMap((run) =>
    CHINESE.test(run) ? pairsOf(run) : run.length >= SHORTEST || /\d/.test(run) ? [run] : [],
  );
  return [...new Set(words)].join(" ");
}

function pairsOf(run: string): string[] {
  const letters = [...run];
  return letters
    .slice(1)
    .map((letter, index) => `${letters[index]}${letter}`)
    .filter((pair) => !SMALL.test(pair));
}
