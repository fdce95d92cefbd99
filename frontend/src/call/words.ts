import type { Played } from "../audio/playback-queue";

/** A word's place in its item's sound (milliseconds) and transcript (Unicode characters). */
export interface TimedWord {
  start_ms: number;
  char_start: number | null;
  char_end: number | null;
}

/** The word that is being heard now. */
export interface Spoken {
  item: string;
  from: number;
  to: number;
}

/** The item playing, the one before it (an interruption may be on its way) and the one to come. */
const ITEMS_KEPT = 3;

/** Which word is being heard: the server tells when each begins, the speaker what it has played. */
export class WordTrack {
  private readonly items = new Map<string, { start: number; word: Spoken }[]>();
  private spoken: Spoken | null = null;

  /** Words of an item come in the order they are spoken. */
  add(item: string, { start_ms, char_start, char_end }: TimedWord): void {
    if (char_start === null || char_end === null) return;
    const words = this.items.get(item) ?? [];
    words.push({ start: start_ms, word: { item, from: char_start, to: char_end } });
    this.items.set(item, words);
    const [oldest] = this.items.keys();
    if (this.items.size > ITEMS_KEPT && oldest) this.items.delete(oldest);
  }

  /** The word at what was played; the same object as long as it is the same word. */
  at(played: Played | null): Spoken | null {
    const words = played && this.items.get(played.item);
    if (!words) return this.spoken;
    const begun = words.findLast(({ start }) => start <= played.milliseconds);
    this.spoken = begun?.word ?? null;
    return this.spoken;
  }
}

/** A transcript in three parts: said, being said, still to come. */
export function lit(text: string, spoken: Spoken | null): [string, string, string] {
  if (!spoken) return ["", "", text];
  const letters = Array.from(text);
  return [
    letters.slice(0, spoken.from).join(""),
    letters.slice(spoken.from, spoken.to).join(""),
    letters.slice(spoken.to).join(""),
  ];
}

/** Where the row before the one at `middle` begins, so that it stays in sight and none is cut through. */
export function rowBefore(middle: number, row: number): number {
  return Math.max(0, Math.floor(middle / row) - 1) * row;
}
