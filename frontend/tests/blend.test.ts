import { describe, expect, it } from "vitest";
import { blendOf, startingParts, toShares } from "../src/voices/blend";

describe("a blend", () => {
  it("shows shares that sum to 100", () => {
    const parts = ["a", "b", "c"].map((voice) => ({ voice, weight: 50 }));
    expect(toShares(parts)).toEqual([34, 33, 33]);
    expect(toShares([{ voice: "a", weight: 0 }])).toEqual([0]);
  });

  it("leaves out silent parts and joins a voice chosen twice", () => {
    const parts = [
      { voice: "a", weight: 50 },
      { voice: "b", weight: 0 },
      { voice: "a", weight: 25 },
    ];
    expect(blendOf(parts)).toEqual({ a: 0.75 });
  });

  it("begins with what it was made of", () => {
    const blend = { parts: { a: 0.7, b: 0.3 } } as never;
    expect(startingParts(blend, [])).toEqual([
      { voice: "a", weight: 70 },
      { voice: "b", weight: 30 },
    ]);
  });
});
