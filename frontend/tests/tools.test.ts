import { expect, test } from "vitest";
import { inChinese } from "../src/i18n/said";
import { matching, mcpName, ofLanguage, type Source, variablesIn } from "../src/tools/tools";

function source(name: string, ...tools: string[]): Source {
  const empty = { title: "", called: "", parameters: {}, needs: "", last_error: "", calls: [] };
  return {
    name,
    state: "ok",
    detail: "",
    error: "",
    log: [],
    tools: tools.map((one) => ({ ...empty, id: `${name}/${one}`, name: one, description: "" })),
  };
}

test("what a tool lacks is told as the variables to set", () => {
  const needs =
    "A key of Tavily or Metaso (tools.search_key), or the address of a SearXNG (tools.search_url).";
  expect(variablesIn(needs)).toEqual(["KAIKOU_TOOLS__SEARCH_KEY", "KAIKOU_TOOLS__SEARCH_URL"]);
  expect(variablesIn("Set tools.music_folder. See tools.music_folder.")).toEqual([
    "KAIKOU_TOOLS__MUSIC_FOLDER",
  ]);
  expect(variablesIn("A light. And a lamp.")).toEqual([]);
  expect(inChinese(needs)).toContain("秘塔");
});

test("tools are found by every word, in their source's name too", () => {
  const all = [
    source("builtin", "get_time", "get_news"),
    source("mcp:files", "read"),
    source("plugin"),
  ];
  expect(matching(all, " ")).toBe(all);
  expect(matching(all, "GET time").map(({ tools }) => tools.map(({ id }) => id))).toEqual([
    ["builtin/get_time"],
  ]);
  expect(matching(all, "files").map(({ name }) => name)).toEqual(["mcp:files"]);
  expect(matching(all, "nothing")).toEqual([]);
});

test("an MCP server's source is told from the others", () => {
  expect(mcpName("mcp:files")).toBe("files");
  expect(mcpName("plugin")).toBe(null);
});

test("of a description in both languages the page's own is shown", () => {
  const both = "Tell the weather now.\nAnd later. 查询天气。";
  expect(ofLanguage(both, "en")).toBe("Tell the weather now.\nAnd later.");
  expect(ofLanguage(both, "zh")).toBe("查询天气。");
  expect(ofLanguage("Say 你好 to all.", "zh")).toBe("Say 你好 to all.");
  expect(ofLanguage("查询天气。", "en")).toBe("查询天气。");
});
