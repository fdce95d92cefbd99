import {
  type Conversation,
  emptyConversation,
  type Line,
  stateOf,
} from "../conversation/conversation";
import { kept } from "../conversation/toolUse";
import type { ConversationInfo } from "../conversations/api";
import type { Stage } from "../realtime/events";

/** A conversation as `GET /api/conversations/{id}` tells it, as far as the page shows it. */
export interface StoredConversation extends ConversationInfo {
  items: StoredItem[];
  turns: StoredTurn[];
}

export interface StoredItem {
  id: string;
  kind: string;
  role: string | null;
  text: string;
  status: string;
  call_id?: string | null;
  name?: string | null;
  arguments?: string | null;
  output?: string | null;
  audio_seconds: number | null;
}

export interface StoredTurn {
  reply_item_id: string | null;
  total: number | null;
  speculations: number;
  stages: Stage[];
}

/**
 * What is kept of a conversation, in the page's own terms. What the page knows and the server does
 * not keep (emoji, why an answer ended) is taken from `before`, as is what is on its way to it.
 */
export function conversationOf(
  stored: StoredConversation,
  before: Conversation = emptyConversation,
): Conversation {
  const turns = new Map(stored.turns.map((turn) => [turn.reply_item_id, turn]));
  const known = new Map(before.lines.map((line) => [line.id, line]));
  const used = toolsOf(stored.items);
  const lines = stored.items.filter(isShown).map((item) => {
    const line = lineOf(item, turns.get(item.id), known.get(item.id), stored.live);
    const calls = used.get(item.id) ?? [];
    const before = known.get(item.id)?.tools;
    const tools = calls.map((call) =>
      kept(call.callId, call.name, call.given, call.output, before),
    );
    return tools.length > 0 ? { ...line, tools } : line;
  });
  const there = new Set(lines.map((line) => line.id));
  const coming = before.lines.filter(
    (line) => !there.has(line.id) && before.unsent.includes(line.id),
  );
  const writing = lines.findLast((line) => line.role === "assistant" && line.state === "hearing");
  return { ...before, lines: [...lines, ...coming], response: writing?.id ?? null };
}

interface Call {
  callId: string;
  name: string;
  given: string;
  output: string | null;
}

/** The calls that stand before each answer, by the answer's id. */
function toolsOf(items: StoredItem[]): Map<string, Call[]> {
  const found = new Map<string, Call[]>();
  let calls: Call[] = [];
  for (const item of items) {
    const callId = item.call_id ?? "";
    if (item.kind === "function_call") {
      calls.push({ callId, name: item.name ?? "", given: item.arguments ?? "", output: null });
    } else if (item.kind === "function_call_output") {
      for (const call of calls) if (call.callId === callId) call.output = item.output ?? "";
    } else {
      if (item.role === "assistant" && calls.length > 0) found.set(item.id, calls);
      calls = [];
    }
  }
  return found;
}

function isShown({ kind, role, text }: StoredItem): boolean {
  return kind === "message" && (role === "user" || role === "assistant") && text.trim() !== "";
}

function lineOf(
  item: StoredItem,
  turn: StoredTurn | undefined,
  before: Line | undefined,
  live: boolean,
): Line {
  const state = stateOf(item.status);
  const line: Line = {
    id: item.id,
    role: item.role === "user" ? "user" : "assistant",
    text: item.text.trim(),
    // A server that stopped in the middle of an answer never said how it ended.
    state: state === "hearing" && !live ? "cut" : state,
    ...(before?.emoji ? { emoji: before.emoji } : {}),
    ...(before?.ending ? { ending: before.ending } : {}),
    ...(item.audio_seconds ? { recorded: item.audio_seconds } : {}),
  };
  if (turn?.total == null || !isSpoken(turn)) return line;
  const { total, speculations, stages } = turn;
  return { ...line, metrics: { total, speculations, stages } };
}

/** Written turns have a waterfall too, but it ends in no sound. */
function isSpoken({ stages }: StoredTurn): boolean {
  return stages.some(({ name }) => name === "first_audio");
}
