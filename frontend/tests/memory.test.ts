import { afterEach, expect, test, vi } from "vitest";
import { erasing, exportAddress } from "../src/memory/memory";
import { kindOf, markOf, ownOwner } from "../src/memory/owners";
import { browserId } from "../src/server/browser";

afterEach(() => vi.unstubAllGlobals());

/** What a browser keeps from visit to visit. */
function storage(kept: Record<string, string> = {}) {
  const held = new Map(Object.entries(kept));
  vi.stubGlobal("localStorage", {
    getItem: (name: string) => held.get(name) ?? null,
    setItem: (name: string, value: string) => held.set(name, value),
  });
}

test("a browser has one id, made once and kept", () => {
  storage();
  const id = browserId();
  expect(id).toMatch(/^[\w-]{36}$/);
  expect(browserId()).toBe(id);
  expect(ownOwner()).toBe(`browser:${id}`);
  storage();
  expect(browserId()).not.toBe(id);
});

test("a page without a secure address makes one as well", () => {
  storage();
  const random = crypto.getRandomValues.bind(crypto);
  vi.stubGlobal("crypto", { getRandomValues: random });
  expect(browserId()).toMatch(/^[0-9a-f]{32}$/);
});

test.each(["", "short", "aa:bb:cc:dd:ee:ff", "x".repeat(65)])(
  "what was kept and the server would refuse (%j) is made anew",
  (kept) => {
    storage({ "kaikou.browser": kept });
    expect(browserId()).toMatch(/^[\w-]{36}$/);
  },
);

test("a browser that keeps nothing shares the memory of all such", () => {
  vi.stubGlobal("localStorage", {
    getItem: () => {
      throw new DOMException("", "SecurityError");
    },
  });
  expect(browserId()).toBeNull();
  expect(ownOwner()).toBe("browser");
});

test("owners are told apart by what they are to whoever looks", () => {
  const own = "browser:3f0c8d1e-0000-4000-8000-00000000a1b2";
  expect(kindOf(own, own)).toBe("this");
  expect(kindOf("browser:ffff", own)).toBe("other");
  expect(kindOf("browser", own)).toBe("shared");
  expect(kindOf("browser", "browser")).toBe("shared");
  expect(kindOf("speaker:spk_1", own)).toBe("named");
  expect(kindOf("aa:bb:cc:dd:ee:ff", own)).toBe("named");
  expect(markOf(own)).toBe("a1b2");
});

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
