import { describe, expect, it } from "vitest";
import { bytes, span } from "../src/call/amounts";
import { clock } from "../src/call/CallTimer";
import { defaults, parsePreferences } from "../src/call/preferences";

describe("what a browser keeps of a call", () => {
  it.each([null, "", "{", "null", "7", '{"mode": "shout", "echoCancellation": "no"}'])(
    "is the default where %j was kept",
    (kept) => {
      expect(parsePreferences(kept)).toEqual(defaults);
    },
  );

  it("is taken where it fits", () => {
    const kept = '{"mode": "push", "microphone": "m1", "shortcuts": false}';
    expect(parsePreferences(kept)).toEqual({
      ...defaults,
      mode: "push",
      microphone: "m1",
      shortcuts: false,
    });
  });
});

describe("amounts in words", () => {
  it.each([
    [0, "0:00"],
    [75, "1:15"],
    [3675, "1:01:15"],
  ])("%d seconds of a call are %s", (seconds, text) => {
    expect(clock(seconds)).toBe(text);
  });

  it("names sizes and spans in the reader's language", () => {
    expect(bytes(123_000_000, "en")).toBe("123 MB");
    expect(bytes(2_345_000_000, "en")).toBe("2.35 GB");
    expect(bytes(0, "en")).toBe("0 byte");
    expect(span(40, "en")).toBe("40 sec");
    expect(span(200, "zh")).toBe("4分钟");
  });
});
