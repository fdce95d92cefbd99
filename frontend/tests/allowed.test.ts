import { expect, test } from "vitest";
import { isAllowed, unknownIn, withSource, withTool } from "../src/agents/allowed";
import type { Source } from "../src/tools/tools";

function source(name: string, ...names: string[]): Source {
  const tools = names.map((one) => ({ id: `${name}/${one}`, name: one }));
  return { name, tools } as unknown as Source;
}

const FILES = source("mcp:files", "read", "write", "a/b");

test("one tool is ticked and unticked", () => {
  const list = withTool(["builtin/get_time"], FILES, "mcp:files/read", true);
  expect(list).toEqual(["builtin/get_time", "mcp:files/read"]);
  expect(withTool(list, FILES, "mcp:files/read", true)).toEqual(list);
  expect(withTool(list, FILES, "mcp:files/read", false)).toEqual(["builtin/get_time"]);
});

test("a whole source is ticked; one tool taken out leaves the others in", () => {
  const list = withSource(["mcp:files/read", "plugin/light"], "mcp:files", true);
  expect(list).toEqual(["plugin/light", "mcp:files/*"]);
  expect(isAllowed(list, "mcp:files", "mcp:files/write")).toBe(true);
  expect(withTool(list, FILES, "mcp:files/read", false)).toEqual([
    "plugin/light",
    "mcp:files/write",
    "mcp:files/a/b",
  ]);
  expect(withSource(list, "mcp:files", false)).toEqual(["plugin/light"]);
});

test("what is in the list and nowhere else is still shown", () => {
  const list = ["mcp:files/read", "mcp:gone/*", "plugin/light", "device/*"];
  expect(unknownIn(list, [FILES, source("plugin")], ["device/*"])).toEqual([
    "mcp:gone/*",
    "plugin/light",
  ]);
});
