import type { KeyboardEvent } from "react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { draftOf, keepDraft } from "../src/chat/drafts";
import { sends } from "../src/chat/keys";

function key(key: string, more: object = {}, isComposing = false): KeyboardEvent {
  return { key, keyCode: 13, nativeEvent: { isComposing }, ...more } as unknown as KeyboardEvent;
}

describe("the key that sends", () => {
  it("is Enter, with Ctrl or Cmd as well", () => {
    expect(sends(key("Enter"))).toBe(true);
    expect(sends(key("Enter", { ctrlKey: true }))).toBe(true);
    expect(sends(key("Enter", { metaKey: true }))).toBe(true);
    expect(sends(key("a"))).toBe(false);
  });

  it("is not Shift+Enter, which begins a line", () => {
    expect(sends(key("Enter", { shiftKey: true }))).toBe(false);
  });

  it("is not the Enter of an input method", () => {
    expect(sends(key("Enter", {}, true))).toBe(false);
    expect(sends(key("Enter", { keyCode: 229 }))).toBe(false);
  });
});

describe("drafts", () => {
  beforeEach(() => {
    const kept = new Map<string, string>();
    vi.stubGlobal("localStorage", {
      getItem: (name: string) => kept.get(name) ?? null,
      setItem: (name: string, value: string) => kept.set(name, value),
    });
  });

  it("are kept by conversation until they are sent", () => {
    keepDraft("conv_1", "Half a th");
    keepDraft(null, "A new one");
    expect(draftOf("conv_1")).toBe("Half a th");
    expect(draftOf(null)).toBe("A new one");
    keepDraft("conv_1", " ");
    expect(draftOf("conv_1")).toBe("");
  });

  it("of long ago are forgotten", () => {
    for (let index = 0; index < 60; index += 1) keepDraft(`conv_${index}`, "text");
    expect(draftOf("conv_0")).toBe("");
    expect(draftOf("conv_59")).toBe("text");
  });

  it("survive what somebody else wrote in their place", () => {
    localStorage.setItem("kaikou.drafts", "{");
    expect(draftOf(null)).toBe("");
  });
});
