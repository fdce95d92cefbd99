import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ChatClient } from "../src/chat/client";
import type { ServerFrame } from "../src/chat/frames";
import { conversationOf, type StoredConversation } from "../src/chat/stored";
import { edited, emptyConversation, reduceFrame, written } from "../src/conversation/conversation";
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

  it("edits and answers anew in the conversation it knows, opening its socket for it", () => {
    client.edit("m1", "Nobody knows this conversation yet");
    expect(FakeSocket.all).toHaveLength(0);
    const stored = new ChatClient({
      url: "ws://here/chat",
      agent: null,
      conversationId: "conv_7",
      onFrame: () => {},
      onLost: () => {},
    });
    stored.regenerate("a1");
    socket(0).open();
    stored.edit("m1", "Better");
    expect(socket(0).sent).toMatchObject([
      { type: "regenerate", conversation_id: "conv_7", message_id: "a1" },
      { type: "edit", conversation_id: "conv_7", message_id: "m1", text: "Better" },
    ]);
    stored.close();
  });

  it("listens to an answer that somebody else asked for", () => {
    const stored = new ChatClient({
      url: "ws://here/chat",
      agent: null,
      conversationId: "conv_7",
      onFrame: () => {},
      onLost: () => {},
    });
    stored.follow();
    socket(0).open();
    expect(socket(0).sent).toEqual([{ v: 1, type: "open", conversation_id: "conv_7" }]);
    stored.close();
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

describe("what is stored", () => {
  const item = { kind: "message", role: "user", status: "completed", audio_seconds: null };
  const sound = { name: "first_audio", start: 0.2, end: 0.8, queued: 0 };
  const stored: StoredConversation = {
    id: "conv_1",
    title: "",
    agent_id: null,
    surface: "realtime",
    created_at: "2026-01-01T00:00:00Z",
    updated_at: "2026-01-01T00:00:00Z",
    item_count: 4,
    live: false,
    items: [
      { ...item, id: "s1", role: "system", text: "Be kind." },
      { ...item, id: "m1", text: "Hello", audio_seconds: 1.5 },
      { ...item, id: "a1", role: "assistant", text: "Hi there", status: "incomplete" },
      { ...item, id: "a2", role: "assistant", text: "And", status: "in_progress" },
    ],
    turns: [
      { reply_item_id: "a1", total: 0.8, speculations: 1, stages: [sound] },
      { reply_item_id: "a2", total: 0.1, speculations: 0, stages: [] },
    ],
  };

  it("is shown as it was said", () => {
    const { lines, response } = conversationOf(stored);
    expect(lines).toEqual([
      { id: "m1", role: "user", text: "Hello", state: "done", recorded: 1.5 },
      {
        id: "a1",
        role: "assistant",
        text: "Hi there",
        state: "cut",
        metrics: { total: 0.8, speculations: 1, stages: [sound] },
      },
      { id: "a2", role: "assistant", text: "And", state: "cut" },
    ]);
    expect(response).toBeNull();
  });

  it("is still being answered where it is live", () => {
    expect(conversationOf({ ...stored, live: true })).toMatchObject({ response: "a2" });
  });

  it("keeps what the page alone knows, and what is on its way", () => {
    const line = { id: "a1", role: "assistant", text: "Hi", state: "done", emoji: "🙂" } as const;
    const before = written({ ...emptyConversation, lines: [line] }, "m9", "More");
    const { lines } = conversationOf(stored, before);
    expect(lines.map(({ id }) => id)).toEqual(["m1", "a1", "a2", "m9"]);
    expect(lines[1]).toMatchObject({ emoji: "🙂" });
  });
});

describe("changing what was written", () => {
  const before = [
    frame("message", 1, { message_id: "m1", role: "user", text: "Hello" }),
    frame("reply_started", 2, { message_id: "a1" }),
    frame("reply_done", 3, { message_id: "a1", text: "Hi.", status: "completed" }),
  ] as unknown as ServerFrame[];

  it("an edited message shows its new words at once and loses what followed", () => {
    const shown = edited(before.reduce(reduceFrame, emptyConversation), "m1", "Hello again");
    expect(shown.lines).toMatchObject([{ id: "m1", text: "Hello again" }]);
    const after = [
      frame("removed", 4, { message_id: "a1" }),
      frame("removed", 5, { message_id: "m1" }),
      frame("message", 6, { message_id: "m1", role: "user", text: "Hello again" }),
      frame("reply_started", 7, { message_id: "a2" }),
    ] as unknown as ServerFrame[];
    const texts = after.map((_, at) =>
      after
        .slice(0, at + 1)
        .reduce(reduceFrame, shown)
        .lines.map(({ text }) => text),
    );
    expect(texts).toEqual([["Hello again"], ["Hello again"], ["Hello again"], ["Hello again", ""]]);
    expect(after.reduce(reduceFrame, shown).unsent).toEqual([]);
  });

  it("a message edited meanwhile elsewhere disappears with what followed", () => {
    const removed = frame("removed", 4, { message_id: "a1" }) as unknown as ServerFrame;
    const state = [...before, removed].reduce(reduceFrame, emptyConversation);
    expect(state.lines.map(({ id }) => id)).toEqual(["m1"]);
  });

  it("the history frame replaces what is shown", () => {
    const history = frame("history", 9, {
      messages: [
        { message_id: "m1", role: "user", text: "Hello", status: "completed" },
        { message_id: "a2", role: "assistant", text: "Well", status: "in_progress" },
      ],
    }) as unknown as ServerFrame;
    const state = reduceFrame(before.reduce(reduceFrame, emptyConversation), history);
    expect(state.lines.map(({ text }) => text)).toEqual(["Hello", "Well"]);
    expect(state.response).toBe("a2");
  });
});
