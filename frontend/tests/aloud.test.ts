import { describe, expect, it } from "vitest";
import { spokenParts } from "../src/chat/aloud";

describe("what is read aloud", () => {
  it("leaves out marks and code", () => {
    const text =
      "## Tea\n\nTake **two** [leaves](https://x.org).\n\n```py\nprint(1)\n```\n- 一杯水";
    const [part] = spokenParts(text);
    expect(part?.replace(/\s+/g, " ")).toBe("Tea Take two leaves. 一杯水");
  });

  it("comes in portions that end with a sentence where they can", () => {
    const sentence = "This is a sentence of some length, as they are. ";
    const parts = spokenParts(sentence.repeat(20));
    expect(parts.length).toBeGreaterThan(2);
    for (const part of parts) {
      expect(part.length).toBeLessThanOrEqual(280);
      expect(part.endsWith(".")).toBe(true);
    }
    expect(spokenParts("长".repeat(600)).map((part) => part.length)).toEqual([280, 280, 40]);
  });

  it("nothing is nothing", () => {
    expect(spokenParts("```\ncode\n```")).toEqual([]);
  });
});
