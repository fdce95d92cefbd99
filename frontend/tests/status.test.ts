import { describe, expect, it } from "vitest";
import { statusOf } from "../src/call/Status";
import { initialState } from "../src/conversation/store";

const live = { ...initialState, phase: "live" as const };
const { conversation } = initialState;

describe("who holds the floor", () => {
  it.each([
    ["state.idle", initialState, true],
    ["state.starting", initialState, false],
    ["state.ended", { ...initialState, phase: "ended" as const }, true],
    ["state.listening", live, true],
    ["state.muted", { ...live, muted: true }, true],
    ["state.push", { ...live, mode: "push" as const }, true],
    ["state.hearing", { ...live, mode: "push" as const, pressing: true }, true],
    ["state.thinking", { ...live, mode: "push" as const, awaiting: true }, true],
    ["state.connecting", { ...initialState, phase: "connecting" as const }, true],
    ["state.full", { ...initialState, phase: "connecting" as const, full: true }, true],
    [
      "state.hearing",
      { ...live, playing: true, conversation: { ...conversation, hearing: true } },
      true,
    ],
    ["state.held", { ...live, playing: true, conversation: { ...conversation, held: true } }, true],
    [
      "state.speaking",
      { ...live, playing: true, conversation: { ...conversation, response: "r" } },
      true,
    ],
    ["state.thinking", { ...live, conversation: { ...conversation, response: "r" } }, true],
    ["state.reconnecting", { ...live, phase: "reconnecting" as const, playing: true }, true],
  ])("%s", (key, state, ready) => {
    expect(statusOf(state, ready)).toBe(key);
  });
});
