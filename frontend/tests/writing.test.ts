import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { draftOf, keepDraft, onDraftGivenBack } from "../src/chat/drafts";
import { Writing } from "../src/chat/writing";
import { CallStore } from "../src/conversation/store";
import { FakeSocket, socket } from "./fake-socket";

let kept = "";

beforeEach(() => {
  kept = "";
  FakeSocket.install();
  vi.stubGlobal("location", { href: "http://here/" });
  vi.stubGlobal("localStorage", {
    getItem: () => kept || null,
    setItem: (_name: string, text: string) => {
      kept = text;
    },
  });
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no server here")));
});

afterEach(() => vi.unstubAllGlobals());

const refusal = (message_id: string) => ({
  v: 1,
  type: "error",
  seq: 0,
  conversation_id: null,
  message_id,
  code: "server_busy",
  message: "Not now.",
});

describe("what the server will not take", () => {
  it("stands in the field again, before what was begun meanwhile", () => {
    const store = new CallStore();
    const writing = new Writing(store, null);
    const told = vi.fn();
    const stop = onDraftGivenBack(told);
    writing.write("Hello?");
    socket(0).open();
    keepDraft(null, "And now");
    const [id] = store.state.conversation.unsent;
    socket(0).say(refusal(id ?? ""));
    expect(store.state.conversation.lines).toEqual([]);
    expect(draftOf(null)).toBe("Hello?\n\nAnd now");
    expect(told).toHaveBeenCalledTimes(1);
    expect(store.state.problem).toMatchObject({ written: true, detail: "Not now." });
    stop();
    writing.close();
  });

  it("is not what was taken, and answered by a fault", () => {
    const store = new CallStore();
    const writing = new Writing(store, null);
    writing.write("Hello?");
    socket(0).open();
    const [id] = store.state.conversation.unsent;
    const message = { ...refusal(id ?? ""), type: "message", text: "Hello?" };
    socket(0).say(message);
    socket(0).say(refusal(id ?? ""));
    expect(store.state.conversation.lines).toHaveLength(1);
    expect(draftOf(null)).toBe("");
    writing.close();
  });
});
