export interface Piece {
  text: string;
  hit: boolean;
  /** Where in the text it begins. */
  at: number;
}

/** `text` in pieces, those that a word of `query` is found in told apart. As on the server, case
 * and width of letters do not count, and words are looked for inside of words. */
export function marked(text: string, query: string): Piece[] {
  const words = folded(query).split(/\s+/).filter(Boolean);
  const letters = Array.from(text);
  // One folded letter may be several: where each of them came from.
  const folds = letters.map(folded);
  const origin = folds.flatMap((fold, index) => Array.from(fold, () => index));
  const whole = Array.from(folds.join(""));
  const hit = letters.map(() => false);
  for (const word of words) {
    const wanted = Array.from(word);
    for (let at = 0; at + wanted.length <= whole.length; at += 1) {
      if (wanted.every((letter, offset) => whole[at + offset] === letter)) {
        for (const from of origin.slice(at, at + wanted.length)) hit[from] = true;
      }
    }
  }
  return joined(letters, hit);
}

function joined(letters: string[], hit: boolean[]): Piece[] {
  const pieces: Piece[] = [];
  letters.forEach((letter, at) => {
    const last = pieces.at(-1);
    if (last && last.hit === hit[at]) last.text += letter;
    else pieces.push({ text: letter, hit: hit[at] ?? false, at });
  });
  return pieces;
}

function folded(text: string): string {
  return text.normalize("NFKC").toLowerCase();
}
