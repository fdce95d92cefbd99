import type { ToolCalled, ToolReturned } from "../conversation/toolUse";

/** The sub-protocol of `/chat` that this page speaks (docs/protocols.md). */
export const SUBPROTOCOL = "kaikou.chat.v1";

interface Common {
  conversation_id: string | null;
  message_id: string | null;
  /** Place in the conversation's stream; 0 for answers to this socket alone. */
  seq: number;
}

export interface HistoryMessage {
  message_id: string;
  role: string;
  text: string;
  status: string;
  /** What the agent did for it. */
  tools?: { call_id: string; name: string; arguments: string; output: string | null }[];
}

/** What the server says, as far as the page acts on it. */
export type ServerFrame = Common &
  (
    | { type: "history"; messages: HistoryMessage[] }
    | { type: "message"; role: string; text: string }
    | { type: "removed" }
    | { type: "reply_started" }
    | { type: "delta"; text: string }
    | { type: "emotion"; emoji: string }
    | ({ type: "tool_called" } & ToolCalled)
    | ({ type: "tool_returned" } & ToolReturned)
    | { type: "left" }
    | {
        type: "reply_done";
        text: string;
        status: "completed" | "stopped" | "failed" | "incomplete";
        error?: { code: string; message: string };
      }
    | { type: "error"; code: string; message: string; hint?: string }
  );

/** What the page says. */
export type ClientFrame = { v: 1 } & (
  | {
      type: "user_message";
      text: string;
      message_id: string;
      conversation_id?: string;
      agent?: string;
    }
  | { type: "open"; conversation_id: string }
  | { type: "regenerate"; conversation_id: string; message_id?: string }
  | { type: "edit"; conversation_id: string; message_id: string; text: string }
  | { type: "stop"; conversation_id: string }
  | { type: "resume"; conversation_id: string; seq: number }
);
