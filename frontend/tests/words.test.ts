import { describe, expect, it, test } from "vitest";
import { lit, rowBefore, WordTrack } from "../src/call/words";

function word(start_ms: number, char_start: number | null, char_end: number | null) {
  return { start_ms, char_start, char_end };
}

describe("the word being heard", () => {
  it("follows what the speaker has played, not what has arrived", () => {
    const track = new WordTrack();
    track.add("a", word(0, 0, 5));
    track.add("a", word(400, 6, 11));
    track.add("a", word(900, 12, 15));
    expect(track.at(null)).toBeNull();
    expect(track.at({ item: "a", milliseconds: 0 })).toEqual({ item: "a", from: 0, to: 5 });
    expect(track.at({ item: "a", milliseconds: 399 })?.from).toBe(0);
    expect(track.at({ item: "a", milliseconds: 400 })?.from).toBe(6);
    expect(track.at({ item: "a", milliseconds: 5000 })?.from).toBe(12);
  });

  it("is the same object as long as it is the same word", () => {
    const track = new WordTrack();
    track.add("a", word(0, 0, 5));
    const first = track.at({ item: "a", milliseconds: 10 });
    expect(track.at({ item: "a", milliseconds: 300 })).toBe(first);
  });

  it("stays with the item that plays while the next one's words arrive", () => {
    const track = new WordTrack();
    track.add("a", word(0, 0, 5));
    track.add("b", word(0, 0, 3));
    expect(track.at({ item: "a", milliseconds: 100 })?.item).toBe("a");
    expect(track.at({ item: "b", milliseconds: 0 })?.item).toBe("b");
  });

  it("leaves out words that are nowhere in the transcript", () => {
    const track = new WordTrack();
    track.add("a", word(0, 0, 5));
    track.add("a", word(400, null, null));
    expect(track.at({ item: "a", milliseconds: 500 })?.to).toBe(5);
  });
});

describe("a transcript in three parts", () => {
  it("counts characters as the server does", () => {
    expect(lit("𠮷野家 is open.", { item: "a", from: 4, to: 6 })).toEqual([
      "𠮷野家 ",
      "is",
      " open.",
    ]);
  });

  it("is all to come before the first word", () => {
    expect(lit("Hello.", null)).toEqual(["", "", "Hello."]);
  });
});

test("captions scroll by whole rows, and the row before the word stays in sight", () => {
  // A word is lower than its row: what is reckoned from its top alone cuts a row through.
  for (const middle of [15, 45, 59]) expect(rowBefore(middle, 30)).toBe(0);
  expect(rowBefore(61, 30)).toBe(30);
  expect(rowBefore(3 * 26.88 + 1, 26.88)).toBeCloseTo(2 * 26.88);
});
