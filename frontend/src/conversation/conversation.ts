import type { HistoryMessage, ServerFrame } from "../chat/frames";
import { type Item, type Metrics, type ServerEvent, textOf } from "../realtime/events";
import { begun, ended, kept, type ToolUse } from "./toolUse";

/** One line of the conversation, as the page shows it. */
export interface Line {
  id: string;
  role: "user" | "assistant";
  text: string;
  /** `hearing`: still being said; `done`; `cut`: interrupted, the text is what was heard. */
  state: "hearing" | "done" | "cut";
  /** Why a written answer ended early; absent where a voice interrupted it. */
  ending?: "stopped" | "incomplete" | "failed";
  emoji?: string;
  metrics?: Metrics;
  /** Length of the recording, where the server keeps one. */
  recorded?: number;
  /** What the agent did for this answer. */
  tools?: ToolUse[];
}

/** The conversation so far, and who holds the floor. A pure function of the events. */
export interface Conversation {
  lines: Line[];
  /** Ids of what was written and not yet acknowledged by the server. */
  unsent: string[];
  /** The user is speaking now. */
  hearing: boolean;
  /** Id of the reply under way. */
  response: string | null;
  /** Which line each reply fills. */
  replies: Record<string, string>;
  /** Emoji of replies whose line is not there yet. */
  emoji: Record<string, string>;
  /** Tools used for replies, by reply: their lines may not be there yet. */
  tools: Record<string, ToolUse[]>;
  /** The reply holds its breath because somebody made a sound. */
  held: boolean;
}

export const emptyConversation: Conversation = {
  lines: [],
  unsent: [],
  hearing: false,
  response: null,
  replies: {},
  emoji: {},
  tools: {},
  held: false,
};

/** The conversation after one more event of the server. */
export function reduce(before: Conversation, event: ServerEvent): Conversation {
  switch (event.type) {
    case "input_audio_buffer.speech_started":
      return { ...before, hearing: true };
    case "input_audio_buffer.speech_stopped":
      return { ...before, hearing: false };
    case "kaikou.speech_dropped":
      return without({ ...before, hearing: false }, event.item_id);
    case "kaikou.transcript.partial":
      return put(before, event.item_id, { role: "user", text: event.text, state: "hearing" });
    case "conversation.item.input_audio_transcription.completed":
      return event.transcript.trim() === ""
        ? without(before, event.item_id)
        : put(before, event.item_id, { role: "user", text: event.transcript, state: "done" });
    case "conversation.item.input_audio_transcription.failed":
      return without(before, event.item_id);
    case "conversation.item.added":
      return added(before, event.item);
    case "conversation.item.retrieved":
      return retrieved(before, event.item);
    case "conversation.item.deleted":
      return without(before, event.item_id);
    case "response.created":
      return { ...before, response: event.response.id, held: false };
    case "response.output_audio_transcript.delta":
    case "response.output_text.delta":
      return delta(before, event.item_id, event.delta);
    case "response.done":
      return finished(before, event.response.id, event.response.status);
    case "kaikou.playback.paused":
      return { ...before, held: true };
    case "kaikou.playback.resumed":
      return { ...before, held: false };
    case "kaikou.interrupted":
      return interrupted(before, event.item_id, event.heard_text);
    case "kaikou.emotion":
      return { ...before, emoji: { ...before.emoji, [event.response_id]: event.emoji } };
    case "kaikou.tool.called":
      return withTools(before, event.response_id, begun(before.tools[event.response_id], event));
    case "kaikou.tool.returned":
      return withTools(before, event.response_id, ended(before.tools[event.response_id], event));
    case "kaikou.turn.metrics":
      return withMetrics(before, event.response_id, event);
    default:
      return before;
  }
}

/** The conversation after one more frame of the written chat, which knows no sound. */
export function reduceFrame(before: Conversation, frame: ServerFrame): Conversation {
  const id = frame.message_id ?? "";
  switch (frame.type) {
    case "history":
      return history(before, frame.messages);
    case "message":
      return put(taken(before, id), id, { role: "user", text: frame.text, state: "done" });
    case "removed":
      // Of an edited message the new words are shown already.
      return before.unsent.includes(id) ? before : without(before, id);
    case "reply_started":
      return put({ ...before, response: id }, id, {
        role: "assistant",
        text: "",
        state: "hearing",
      });
    case "delta":
      return delta(before, id, frame.text);
    case "emotion":
      return change(before, before.response ?? "", { emoji: frame.emoji });
    case "tool_called":
      return change(before, id, { tools: begun(lineTools(before, id), frame) });
    case "tool_returned":
      return change(before, id, { tools: ended(lineTools(before, id), frame) });
    case "left":
      return before;
    case "reply_done": {
      const state = change({ ...before, response: null }, id, { text: frame.text });
      if (frame.text.trim() === "") return without(state, id);
      return frame.status === "completed"
        ? change(state, id, { state: "done" })
        : change(state, id, { state: "cut", ending: frame.status });
    }
    case "error":
      return taken({ ...before, response: null }, id);
  }
}

/** The written conversation as it stands, with what the page knows beside it. */
function history(before: Conversation, messages: HistoryMessage[]): Conversation {
  const known = new Map(before.lines.map((line) => [line.id, line]));
  const lines = messages
    .filter(({ text, status }) => text !== "" || status === "in_progress")
    .map(({ message_id, role, text, status, tools = [] }): Line => {
      const speaker = role === "user" ? "user" : "assistant";
      const before = known.get(message_id)?.tools;
      const uses = tools.map((one) =>
        kept(one.call_id, one.name, one.arguments, one.output, before),
      );
      return {
        ...known.get(message_id),
        id: message_id,
        role: speaker,
        text,
        state: stateOf(status),
        ...(uses.length > 0 ? { tools: uses } : {}),
      };
    });
  const there = new Set(lines.map((line) => line.id));
  const coming = before.lines.filter(({ id }) => before.unsent.includes(id) && !there.has(id));
  const answering = lines.findLast((line) => line.role === "assistant" && line.state === "hearing");
  return { ...before, lines: [...lines, ...coming], response: answering?.id ?? null };
}

/** A fresh id for something written. Plain random bits: `randomUUID` exists on secure pages only. */
export function newItemId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return `item_${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** Something written by the user, shown before the server has said that it took it. */
export function written(before: Conversation, id: string, text: string): Conversation {
  const unsent = [...before.unsent, id];
  return put({ ...before, unsent }, id, { role: "user", text, state: "done" });
}

/** Something written that never reached the server. */
export function withdrawn(before: Conversation, id: string): Conversation {
  return without(taken(before, id), id);
}

/** A message said differently: it and all after it go, before the server has said so. */
export function edited(before: Conversation, id: string, text: string): Conversation {
  return written(withoutFrom(before, id), id, text);
}

/** Stands for the reply that was asked for until the server names it. */
const ASKED = "asked";

/** An answer is owed from now on. */
export function asked(before: Conversation): Conversation {
  return { ...before, response: before.response ?? ASKED };
}

/** An answer about to be made anew: it and all after it go. */
export function withoutFrom(before: Conversation, id: string): Conversation {
  const at = before.lines.findIndex((line) => line.id === id);
  return at < 0 ? before : { ...before, lines: before.lines.slice(0, at) };
}

/** What an item's status says of its line. */
export function stateOf(status: string): Line["state"] {
  if (status === "in_progress") return "hearing";
  return status === "incomplete" ? "cut" : "done";
}

/** The connection is gone for good: nothing is being said any more. */
export function hungUp(before: Conversation): Conversation {
  const lines = before.lines
    .filter((line) => line.state !== "hearing" || line.role === "assistant")
    .map((line) => (line.state === "hearing" ? { ...line, state: "cut" as const } : line));
  return { ...before, lines, hearing: false, response: null, held: false };
}

/** The server knows of it, or will not have it. */
function taken(before: Conversation, id: string): Conversation {
  return before.unsent.includes(id)
    ? { ...before, unsent: before.unsent.filter((one) => one !== id) }
    : before;
}

function put(before: Conversation, id: string, line: Omit<Line, "id">): Conversation {
  const known = before.lines.some((old) => old.id === id);
  const lines = known
    ? before.lines.map((old) => (old.id === id ? { ...old, ...line } : old))
    : [...before.lines, { id, ...line }];
  return { ...before, lines };
}

function change(before: Conversation, id: string | undefined, to: Partial<Line>): Conversation {
  return {
    ...before,
    lines: before.lines.map((line) => (line.id === id ? { ...line, ...to } : line)),
  };
}

export function without(before: Conversation, id: string): Conversation {
  return { ...before, lines: before.lines.filter((line) => line.id !== id) };
}

function added(before: Conversation, item: Item): Conversation {
  if (item.type !== "message" || (item.role !== "user" && item.role !== "assistant")) return before;
  if (item.role === "assistant" && before.response) {
    const emoji = before.emoji[before.response];
    const tools = before.tools[before.response];
    const replies = { ...before.replies, [before.response]: item.id };
    const state = { ...before, replies };
    return put(state, item.id, {
      role: "assistant",
      text: textOf(item),
      state: "hearing",
      ...(emoji ? { emoji } : {}),
      ...(tools ? { tools } : {}),
    });
  }
  const text = textOf(item);
  // A spoken item arrives without its words: its line appears with the transcript.
  if (text === "") return before;
  return put(taken(before, item.id), item.id, { role: item.role, text, state: "done" });
}

function retrieved(before: Conversation, item: Item): Conversation {
  const text = textOf(item).trim();
  return item.role !== "assistant" ? before : cut(before, item.id, text);
}

function interrupted(before: Conversation, id: string, heard: string): Conversation {
  return cut({ ...before, held: false }, id, heard.trim());
}

/** Only what was heard stays on the page, as in the agent's own memory. */
function cut(before: Conversation, id: string, heard: string): Conversation {
  return heard === "" ? without(before, id) : change(before, id, { text: heard, state: "cut" });
}

function delta(before: Conversation, id: string, more: string): Conversation {
  const line = before.lines.find((old) => old.id === id);
  // Words that were on their way when the reply was cut.
  if (line?.state === "cut") return before;
  const text = (line?.text ?? "") + more;
  return put(before, id, { role: "assistant", text, state: "hearing" });
}

function finished(before: Conversation, response: string, status: string): Conversation {
  const state = { ...before, response: before.response === response ? null : before.response };
  const id = before.replies[response];
  const line = before.lines.find((old) => old.id === id);
  if (!line || line.state === "cut") return state;
  if (line.text.trim() === "") return without(state, line.id);
  return change(state, id, { state: status === "completed" ? "done" : "cut" });
}

function lineTools(before: Conversation, id: string): ToolUse[] | undefined {
  return before.lines.find((line) => line.id === id)?.tools;
}

function withTools(before: Conversation, response: string, uses: ToolUse[]): Conversation {
  const state = { ...before, tools: { ...before.tools, [response]: uses } };
  return change(state, before.replies[response], { tools: uses });
}

function withMetrics(before: Conversation, response: string, metrics: Metrics): Conversation {
  const { total, speculations, stages } = metrics;
  return change(before, before.replies[response], { metrics: { total, speculations, stages } });
}
