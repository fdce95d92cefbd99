import { describe, expect, it } from "vitest";
import type { Hit } from "../src/conversations/api";
import { byDay } from "../src/conversations/days";
import { marked } from "../src/conversations/marked";
import { fileName } from "../src/conversations/saving";
import { en } from "../src/i18n/texts";

function hit(updated_at: Date): Hit {
  const conversation = {
    id: updated_at.toISOString(),
    title: "",
    agent_id: null,
    surface: "chat",
    created_at: "",
    updated_at: updated_at.toISOString(),
    item_count: 1,
    live: false,
  };
  return { conversation, snippet: "" };
}

describe("conversations by day", () => {
  const now = new Date(2026, 4, 20, 0, 30);

  it("counts calendar days, not hours", () => {
    const moments = [
      new Date(2026, 4, 20, 0, 10),
      new Date(2026, 4, 19, 23, 50),
      new Date(2026, 4, 19, 1, 0),
      new Date(2026, 4, 15),
      new Date(2026, 3, 25),
      new Date(2025, 11, 24),
    ];
    const days = byDay(moments.map(hit), now, "en", (key) => en[key]);
    expect(days.map(({ label, hits }) => [label, hits.length])).toEqual([
      ["Today", 1],
      ["Yesterday", 2],
      ["Previous 7 days", 1],
      ["Previous 30 days", 1],
      ["December 2025", 1],
    ]);
  });

  it("does not speak of tomorrow where clocks differ", () => {
    const days = byDay([hit(new Date(2026, 4, 21, 3))], now, "en", (key) => en[key]);
    expect(days[0]?.label).toBe("Today");
  });
});

describe("words that were looked for", () => {
  const hits = (text: string, query: string) =>
    marked(text, query)
      .filter((piece) => piece.hit)
      .map((piece) => piece.text);

  it("are marked wherever they are, whatever their case or width", () => {
    expect(hits("Tea and more tea", "TEA")).toEqual(["Tea", "tea"]);
    expect(hits("今天天气很好", "天气")).toEqual(["天气"]);
    expect(hits("ＡＢＣ is wide", "abc")).toEqual(["ＡＢＣ"]);
    expect(hits("one two", "two one")).toEqual(["one", "two"]);
  });

  it("leave the text whole", () => {
    const text = "ﬁve 👩‍🚀 fish";
    expect(
      marked(text, "fi")
        .map((piece) => piece.text)
        .join(""),
    ).toBe(text);
  });

  it("nothing is marked where nothing is looked for", () => {
    expect(hits("Tea", "  ")).toEqual([]);
  });
});

describe("a file's name", () => {
  it("is the title without what file systems refuse", () => {
    expect(fileName('What is "a/b"?\n..')).toBe("What is a b");
    expect(fileName("周末：计划")).toBe("周末：计划");
  });
});
