import type { ToolCalled, ToolReturned } from "../conversation/toolUse";

/** The server events of `/v1/realtime` the page acts on (docs/protocols.md); others pass by. */
export interface ServerEvents {
  "session.created": { session: Session };
  "session.updated": { session: Session };
  error: { error: WireError };
  "input_audio_buffer.speech_started": { item_id: string };
  "input_audio_buffer.speech_stopped": { item_id: string };
  "conversation.item.added": { item: Item };
  "conversation.item.retrieved": { item: Item };
  "conversation.item.deleted": { item_id: string };
  "conversation.item.truncated": { item_id: string; audio_end_ms: number };
  "conversation.item.input_audio_transcription.completed": { item_id: string; transcript: string };
  "conversation.item.input_audio_transcription.failed": { item_id: string; error: WireError };
  "response.created": { response: Response };
  "response.output_audio.delta": { item_id: string; delta: string };
  "response.output_audio.done": { item_id: string };
  "response.output_audio_transcript.delta": { item_id: string; delta: string };
  "response.output_text.delta": { item_id: string; delta: string };
  "response.done": { response: Response };
  "kaikou.transcript.partial": { item_id: string; text: string };
  "kaikou.word": {
    item_id: string;
    text: string;
    start_ms: number;
    end_ms: number;
    char_start: number | null;
    char_end: number | null;
  };
  "kaikou.speech_dropped": { item_id: string };
  "kaikou.playback.paused": { response_id: string };
  "kaikou.playback.resumed": { response_id: string };
  "kaikou.interrupted": {
    response_id: string;
    item_id: string;
    heard_ms: number;
    heard_text: string;
  };
  "kaikou.emotion": { response_id: string; emotion: string; emoji: string };
  "kaikou.tool.called": ToolCalled & { response_id: string };
  "kaikou.tool.returned": ToolReturned & { response_id: string };
  "kaikou.volume": { percent: number };
  "kaikou.left": { response_id: string };
  "kaikou.turn.metrics": Metrics & { response_id: string };
}

export type ServerEvent = {
  [Name in keyof ServerEvents]: { type: Name; event_id?: string } & ServerEvents[Name];
}[keyof ServerEvents];

export interface Session {
  id: string;
  kaikou?: { conversation_id?: string | null };
}

export interface WireError {
  code?: string | null;
  message: string;
}

export interface Item {
  id: string;
  type: string;
  role?: "system" | "user" | "assistant";
  content?: { type: string; text?: string; transcript?: string | null }[];
}

export interface Response {
  id: string;
  status: "in_progress" | "completed" | "cancelled" | "failed" | "incomplete";
  status_details?: { reason?: string; error?: WireError | null } | null;
  output?: Item[];
}

/** One turn's latency waterfall; seconds from the end of the user's speech. */
export interface Metrics {
  total: number;
  speculations: number;
  stages: Stage[];
}

export interface Stage {
  name: string;
  start: number;
  end: number;
  queued: number;
}

/** What the page says to the server. */
export type ClientEvent =
  | { type: "session.update"; session: object }
  | { type: "input_audio_buffer.append"; audio: string }
  | { type: "input_audio_buffer.clear" }
  | { type: "input_audio_buffer.commit" }
  | { type: "conversation.item.create"; item: object }
  | { type: "conversation.item.retrieve"; item_id: string }
  | {
      type: "conversation.item.truncate";
      item_id: string;
      content_index: 0;
      audio_end_ms: number;
    }
  | { type: "response.create" }
  | { type: "response.cancel" }
  | {
      type: "kaikou.resume";
      conversation_id: string;
      last_event_id?: string;
      played_ms?: number;
    };

/** All words of an item, written or spoken. */
export function textOf(item: Item): string {
  return (item.content ?? []).map((part) => part.text ?? part.transcript ?? "").join(" ");
}
