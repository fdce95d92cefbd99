import { describe, expect, it } from "vitest";
import { emptyConversation, hungUp, reduce, written } from "../src/conversation/conversation";
import type { ServerEvent } from "../src/realtime/events";

function play(events: ServerEvent[]) {
  return events.reduce(reduce, emptyConversation);
}

const question: ServerEvent[] = [
  { type: "input_audio_buffer.speech_started", item_id: "u1" },
  { type: "kaikou.transcript.partial", item_id: "u1", text: "What time" },
  { type: "input_audio_buffer.speech_stopped", item_id: "u1" },
  {
    type: "conversation.item.added",
    item: {
      id: "u1",
      type: "message",
      role: "user",
      content: [{ type: "input_audio", transcript: null }],
    },
  },
  {
    type: "conversation.item.input_audio_transcription.completed",
    item_id: "u1",
    transcript: "What time is it?",
  },
];

const answer: ServerEvent[] = [
  { type: "response.created", response: { id: "r1", status: "in_progress" } },
  { type: "kaikou.emotion", response_id: "r1", emotion: "happy", emoji: "🙂" },
  {
    type: "conversation.item.added",
    item: { id: "a1", type: "message", role: "assistant", content: [] },
  },
  { type: "response.output_audio_transcript.delta", item_id: "a1", delta: "It is " },
  { type: "response.output_audio_transcript.delta", item_id: "a1", delta: "noon." },
];

const done: ServerEvent = { type: "response.done", response: { id: "r1", status: "completed" } };

describe("the conversation on the page", () => {
  it("shows a spoken turn and its answer", () => {
    const { lines, response, hearing } = play([...question, ...answer, done]);
    expect(lines).toEqual([
      { id: "u1", role: "user", text: "What time is it?", state: "done" },
      { id: "a1", role: "assistant", text: "It is noon.", state: "done", emoji: "🙂" },
    ]);
    expect(response).toBeNull();
    expect(hearing).toBe(false);
  });

  it("shows words while they are being spoken", () => {
    const { lines, hearing } = play(question.slice(0, 2));
    expect(lines).toEqual([{ id: "u1", role: "user", text: "What time", state: "hearing" }]);
    expect(hearing).toBe(true);
  });

  it("forgets a cough", () => {
    const state = play([...question.slice(0, 2), { type: "kaikou.speech_dropped", item_id: "u1" }]);
    expect(state.lines).toEqual([]);
    expect(state.hearing).toBe(false);
  });

  it("keeps of an interrupted reply what was heard, and no late word", () => {
    const state = play([
      ...question,
      ...answer,
      {
        type: "kaikou.interrupted",
        response_id: "r1",
        item_id: "a1",
        heard_ms: 300,
        heard_text: "It is",
      },
      { type: "response.output_audio_transcript.delta", item_id: "a1", delta: " Really." },
      { type: "response.done", response: { id: "r1", status: "cancelled" } },
    ]);
    expect(state.lines[1]).toMatchObject({ text: "It is", state: "cut" });
  });

  it("follows the server's own account of what was heard", () => {
    const state = play([
      ...answer,
      {
        type: "conversation.item.retrieved",
        item: {
          id: "a1",
          type: "message",
          role: "assistant",
          content: [{ type: "output_audio", transcript: "It" }],
        },
      },
    ]);
    expect(state.lines[0]).toMatchObject({ text: "It", state: "cut" });
  });

  it("drops a reply of which nothing was heard", () => {
    const state = play([
      ...answer,
      { type: "kaikou.interrupted", response_id: "r1", item_id: "a1", heard_ms: 0, heard_text: "" },
    ]);
    expect(state.lines).toEqual([]);
  });

  it("puts a turn's waterfall beside its reply", () => {
    const stages = [{ name: "first_audio", start: 0.1, end: 0.4, queued: 0 }];
    const state = play([
      ...answer,
      done,
      { type: "kaikou.turn.metrics", response_id: "r1", total: 0.4, speculations: 1, stages },
    ]);
    expect(state.lines[0]?.metrics).toEqual({ total: 0.4, speculations: 1, stages });
  });

  it("shows a written message once, though the server tells of it again", () => {
    const before = written(emptyConversation, "u9", "Hello");
    const state = reduce(before, {
      type: "conversation.item.added",
      item: {
        id: "u9",
        type: "message",
        role: "user",
        content: [{ type: "input_text", text: "Hello" }],
      },
    });
    expect(state.lines).toEqual([{ id: "u9", role: "user", text: "Hello", state: "done" }]);
  });

  it("leaves nothing half-open when the call ends", () => {
    const state = hungUp(play([...answer, ...question.slice(0, 2)]));
    expect(state.lines).toEqual([
      { id: "a1", role: "assistant", text: "It is noon.", state: "cut", emoji: "🙂" },
    ]);
    expect(state).toMatchObject({ hearing: false, response: null, held: false });
  });

  it("does not mind events it does not know", () => {
    const unknown = { type: "rate_limits.updated" } as unknown as ServerEvent;
    expect(reduce(emptyConversation, unknown)).toBe(emptyConversation);
  });
});
