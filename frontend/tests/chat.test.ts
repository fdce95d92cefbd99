import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ChatClient } from "../src/chat/client";
import type { ServerFrame } from "../src/chat/frames";
import { emptyConversation, reduceFrame, written } from "../src/conversation/conversation";
import { FakeSocket, socket } from "./fake-socket";

function frame(type: string, seq: number, fields: object): Record<string, unknown> {
  return { v: 1, type, conversation_id: "conv_1", message_id: null, seq, ...fields };
}

describe("ChatClient", () => {
  let frames: ServerFrame[];
  let lost: number;
  let client: ChatClient;

  beforeEach(() => {
    vi.useFakeTimers();
    FakeSocket.install();
    frames = [];
    lost = 0;
    client = new ChatClient({
      url: "ws://here/chat",
      agent: "partner",
      conversationId: null,
      onFrame: (one) => frames.push(one),
      onLost: () => {
        lost += 1;
      },
    });
  });

  afterEach(() => {
    client.close();
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  function begin(): FakeSocket {
    client.say("m1", "Hello");
    const first = socket(0);
    first.open();
    return first;
  }

  it("opens its socket only when there is something to say", () => {
    expect(FakeSocket.all).toHaveLength(0);
    const first = begin();
    expect(first.protocol).toBe("kaikou.chat.v1");
    expect(first.sent).toEqual([
      { v: 1, type: "user_message", text: "Hello", message_id: "m1", agent: "partner" },
    ]);
  });

  it("says the next thing in the conversation the server made", () => {
    const first = begin();
    first.say(frame("message", 1, { message_id: "m1", role: "user", text: "Hello" }));
    client.say("m2", "Again");
    expect(first.sent.at(-1)).toMatchObject({ message_id: "m2", conversation_id: "conv_1" });
  });

  it("comes back for an answer that is owed, from the frame it saw last", async () => {
    const first = begin();
    first.say(frame("message", 1, { message_id: "m1", role: "user", text: "Hello" }));
    first.say(frame("reply_started", 2, { message_id: "a1" }));
    first.drop(1006);
    expect(lost).toBe(1);
    await vi.advanceTimersByTimeAsync(300);
    socket(1).open();
    expect(socket(1).sent).toEqual([{ v: 1, type: "resume", conversation_id: "conv_1", seq: 2 }]);
  });

  it("sends again what was never acknowledged, under the same id", async () => {
    begin().drop(1006);
    await vi.advanceTimersByTimeAsync(300);
    socket(1).open();
    expect(socket(1).sent).toMatchObject([{ type: "user_message", message_id: "m1" }]);
  });

  it("stays away where nothing is owed", async () => {
    const first = begin();
    first.say(frame("message", 1, { message_id: "m1", role: "user", text: "Hello" }));
    first.say(frame("reply_done", 2, { message_id: "a1", text: "Hi", status: "completed" }));
    first.drop(1006);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(FakeSocket.all).toHaveLength(1);
    expect(lost).toBe(0);
  });

  it("waits for a conversation that a call is just letting go", async () => {
    const first = begin();
    first.say(frame("error", 0, { message_id: "m1", code: "conversation_in_use", message: "" }));
    expect(frames).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(300);
    expect(first.sent).toHaveLength(2);
  });
});

describe("the written conversation", () => {
  it("shows question and answer", () => {
    const stream = [
      frame("message", 1, { message_id: "m1", role: "user", text: "Hello" }),
      frame("reply_started", 2, { message_id: "a1" }),
      frame("emotion", 3, { emotion: "happy", emoji: "🙂" }),
      frame("delta", 4, { message_id: "a1", text: "Hi " }),
      frame("delta", 5, { message_id: "a1", text: "there." }),
      frame("reply_done", 6, { message_id: "a1", text: "Hi there.", status: "completed" }),
    ] as unknown as ServerFrame[];
    const state = stream.reduce(reduceFrame, written(emptyConversation, "m1", "Hello"));
    expect(state.response).toBeNull();
    expect(state.lines).toEqual([
      { id: "m1", role: "user", text: "Hello", state: "done" },
      { id: "a1", role: "assistant", text: "Hi there.", state: "done", emoji: "🙂" },
    ]);
  });

  it("marks an answer that was stopped", () => {
    const stream = [
      frame("reply_started", 1, { message_id: "a1" }),
      frame("reply_done", 2, { message_id: "a1", text: "Hi", status: "stopped" }),
    ] as unknown as ServerFrame[];
    const state = stream.reduce(reduceFrame, emptyConversation);
    expect(state.lines).toMatchObject([{ text: "Hi", state: "cut" }]);
  });
});
