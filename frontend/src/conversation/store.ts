import { useSyncExternalStore } from "react";
import type { Mode } from "../call/preferences";
import type { Spoken } from "../call/words";
import { type Conversation, emptyConversation } from "./conversation";
import type { Problem } from "./problem";

export interface CallState {
  phase: "idle" | "connecting" | "live" | "reconnecting" | "ended";
  conversation: Conversation;
  /** Under which the server keeps the conversation; null before its first word. */
  conversationId: string | null;
  /** The agent's voice is coming out of the speaker now. */
  playing: boolean;
  muted: boolean;
  /** Who decides when the user has finished. */
  mode: Mode;
  /** With `push`: the user holds the button and is heard. */
  pressing: boolean;
  /** What was said with the button was sent, and no answer has begun. */
  awaiting: boolean;
  /** Every line of the server is taken; the call waits for one. */
  full: boolean;
  /** When the call went live, in milliseconds of `Date.now()`. */
  since: number | null;
  /** The word being heard now, or heard last. */
  spoken: Spoken | null;
  /** The feeling the agent shows, by its English name. */
  mood: string | null;
  problem: Problem | null;
}

export const initialState: CallState = {
  phase: "idle",
  conversation: emptyConversation,
  conversationId: null,
  playing: false,
  muted: false,
  mode: "open",
  pressing: false,
  awaiting: false,
  full: false,
  since: null,
  spoken: null,
  mood: null,
  problem: null,
};

/** `user` is what is heard of the user, `microphone` what the device hears: the same, or more. */
type Side = "user" | "agent" | "microphone";

/** The state of the call, outside React because sockets and worklets write it. */
export class CallStore {
  state: CallState = initialState;
  /** Loudness 0..1. Changes 50 times a second, so nothing is rendered for it. */
  readonly levels: Record<Side, number> = { user: 0, agent: 0, microphone: 0 };
  private readonly listeners = new Set<() => void>();

  update(change: Partial<CallState>): void {
    this.state = { ...this.state, ...change };
    for (const listener of this.listeners) listener();
  }

  level(side: Side, level: number): void {
    this.levels[side] = level;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
}

/** Is somebody on the line, or about to be? */
export function isInCall({ phase }: CallState): boolean {
  return phase === "connecting" || phase === "live" || phase === "reconnecting";
}

export function useCallState(store: CallStore): CallState {
  return useSyncExternalStore(store.subscribe, () => store.state);
}
