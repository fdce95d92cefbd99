import { describe, expect, it } from "vitest";
import type { ServerFrame } from "../src/chat/frames";
import { conversationOf, type StoredConversation } from "../src/chat/stored";
import { emptyConversation, reduce, reduceFrame } from "../src/conversation/conversation";
import { laidOut } from "../src/conversation/toolUse";
import type { ServerEvent } from "../src/realtime/events";

const called = { call_id: "c1", name: "get_time", title: "Time", arguments: "{}" };
const returned = { call_id: "c1", name: "get_time", output: "noon", failed: false, seconds: 0.2 };
const use = {
  callId: "c1",
  name: "get_time",
  title: "Time",
  arguments: "{}",
  output: "noon",
  failed: false,
  seconds: 0.2,
};

describe("tools used for an answer", () => {
  it("are shown with the spoken answer, which comes after them", () => {
    const events: ServerEvent[] = [
      { type: "response.created", response: { id: "r1", status: "in_progress" } },
      { type: "kaikou.tool.called", response_id: "r1", ...called },
      { type: "kaikou.tool.returned", response_id: "r1", ...returned },
      {
        type: "conversation.item.added",
        item: { id: "a1", type: "message", role: "assistant", content: [] },
      },
      { type: "response.output_audio_transcript.delta", item_id: "a1", delta: "Noon." },
    ];
    const { lines } = events.reduce(reduce, emptyConversation);
    expect(lines).toEqual([
      { id: "a1", role: "assistant", text: "Noon.", state: "hearing", tools: [use] },
    ]);
  });

  it("are shown as they begin and end in the written chat", () => {
    const common = { conversation_id: "conv", message_id: "a1", seq: 1 };
    const frames: ServerFrame[] = [
      { ...common, type: "reply_started" },
      { ...common, type: "tool_called", ...called },
    ];
    const working = frames.reduce(reduceFrame, emptyConversation);
    expect(working.lines[0]?.tools?.[0]?.output).toBeNull();
    const done = reduceFrame(working, { ...common, type: "tool_returned", ...returned });
    expect(done.lines[0]?.tools).toEqual([use]);

    // After a reload the server tells what it kept; what the page knew besides stays.
    const kept = { call_id: "c1", name: "get_time", arguments: "{}", output: "noon" };
    const again = reduceFrame(done, {
      ...common,
      type: "history",
      messages: [
        { message_id: "a1", role: "assistant", text: "Noon.", status: "completed", tools: [kept] },
      ],
    });
    expect(again.lines[0]?.tools).toEqual([use]);
  });

  it("stand before the answer in a kept conversation", () => {
    const item = { role: null, text: "", status: "completed", audio_seconds: null };
    const stored: StoredConversation = {
      id: "conv",
      title: "",
      agent_id: null,
      surface: "chat",
      created_at: "2026-01-01T00:00:00Z",
      updated_at: "2026-01-01T00:00:00Z",
      item_count: 4,
      live: false,
      turns: [],
      items: [
        { ...item, id: "u1", kind: "message", role: "user", text: "What time is it?" },
        {
          ...item,
          id: "f1",
          kind: "function_call",
          call_id: "c1",
          name: "get_time",
          arguments: "{}",
        },
        { ...item, id: "o1", kind: "function_call_output", call_id: "c1", output: "noon" },
        { ...item, id: "a1", kind: "message", role: "assistant", text: "Noon." },
      ],
    };
    const [question, answer] = conversationOf(stored).lines;
    expect(question?.tools).toBeUndefined();
    expect(answer?.tools).toEqual([
      { callId: "c1", name: "get_time", title: "", arguments: "{}", output: "noon", failed: false },
    ]);
  });

  it("have their arguments laid out for reading", () => {
    expect(laidOut('{"a":1}')).toBe('{\n  "a": 1\n}');
    expect(laidOut("plain words")).toBe("plain words");
  });
});
