import { expect, test } from "vitest";
import { erasing, exportAddress } from "../src/memory/memory";

test("what is erased is always said; everything only where nothing narrows it", () => {
  expect(erasing({ ids: ["m1"] })).toEqual({ ids: ["m1"] });
  expect(erasing({ agent: "xiaokai", who: null })).toEqual({ agent_id: "xiaokai" });
  expect(erasing({ agent: "xiaokai", who: "browser" })).toEqual({
    agent_id: "xiaokai",
    who: "browser",
  });
  expect(erasing({ agent: null, who: null })).toEqual({ everything: true });
});

test("what is taken along is what is looked at", () => {
  expect(exportAddress({ agent: null, who: null })).toBe("/api/memory/export?");
  expect(exportAddress({ agent: "xiaokai", who: "aa:bb" })).toBe(
    "/api/memory/export?agent=xiaokai&who=aa%3Abb",
  );
});
