import { describe, expect, it } from "vitest";
import { fill } from "../src/i18n/language";
import { en, zh } from "../src/i18n/texts";

function blanks(text: string): string[] {
  return [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "").sort();
}

describe("the page's words", () => {
  it.each(Object.keys(en) as (keyof typeof en)[])("%s says the same in both languages", (key) => {
    expect(zh[key]).toBeTruthy();
    expect(blanks(zh[key])).toEqual(blanks(en[key]));
  });

  it("are filled in, and keep what nobody gave", () => {
    expect(fill("{seconds} s for {who}", { seconds: "0.8" })).toBe("0.8 s for {who}");
    const tools = "{count} {count|tool is|tools are} here";
    expect(fill(tools, { count: "1" })).toBe("1 tool is here");
    expect(fill(tools, { count: "12" })).toBe("12 tools are here");
  });
});
