import {
  asked,
  edited,
  newItemId,
  reduceFrame,
  withdrawn,
  withoutFrom,
  written,
} from "../conversation/conversation";
import { problemOfEvent } from "../conversation/problem";
import type { CallStore } from "../conversation/store";
import { browserId } from "../server/browser";
import { request, socketAddress } from "../server/http";
import { ChatClient } from "./client";
import { giveBackDraft } from "./drafts";
import type { ServerFrame } from "./frames";
import { conversationOf, type StoredConversation } from "./stored";

/** The conversation without a call: written on both sides. A call may take it up later. */
export class Writing {
  private readonly client: ChatClient;
  private closed = false;
  /** What was sent and not yet taken by the server, by its id. */
  private readonly sent = new Map<string, string>();

  constructor(
    private readonly store: CallStore,
    agent: string | null,
  ) {
    this.client = new ChatClient({
      url: socketAddress("/chat", { browser: browserId() }),
      agent,
      conversationId: store.state.conversationId,
      onFrame: (frame) => this.receive(frame),
      onLost: () => store.update({ problem: { key: "problem.waiting" } }),
    });
  }

  write(text: string): void {
    const { store } = this;
    this.client.stop();
    const id = newItemId();
    store.update({
      problem: null,
      conversation: asked(written(store.state.conversation, id, text)),
    });
    this.sent.set(id, text);
    this.client.say(id, text);
  }

  /** Say one of the user's messages differently; what followed it goes. */
  edit(id: string, text: string): void {
    const { store } = this;
    store.update({
      problem: null,
      conversation: asked(edited(store.state.conversation, id, text)),
    });
    this.sent.set(id, text);
    this.client.edit(id, text);
  }

  /** Have an answer made anew; what followed it goes. Null: one that failed, or never came. */
  regenerate(id: string | null): void {
    const { store } = this;
    const { conversation } = store.state;
    const kept = id === null ? conversation : withoutFrom(conversation, id);
    store.update({ problem: null, conversation: asked(kept) });
    this.client.regenerate(id);
  }

  /** Listen to an answer that is being written for somebody else: another window, or before a reload. */
  follow(): void {
    this.client.follow();
  }

  stop(): void {
    this.client.stop();
  }

  close(): void {
    this.closed = true;
    this.client.close();
  }

  private receive(frame: ServerFrame): void {
    const { store } = this;
    const failure = frame.type === "error" ? frame : frame.type === "reply_done" && frame.error;
    const problem = failure ? problemOfEvent(failure) : null;
    store.update({
      conversation: reduceFrame(store.state.conversation, frame),
      conversationId: frame.conversation_id ?? store.state.conversationId,
      problem: problem && { ...problem, written: true },
    });
    if (frame.type === "message") this.sent.delete(frame.message_id ?? "");
    if (frame.type === "error") {
      this.giveBack(frame.message_id ?? "");
      void this.reload();
    }
  }

  /** What the server would not take can be sent again, changed or later. */
  private giveBack(id: string): void {
    const text = this.sent.get(id);
    if (text === undefined) return;
    this.sent.delete(id);
    const { conversation, conversationId } = this.store.state;
    this.store.update({ conversation: withdrawn(conversation, id) });
    giveBackDraft(conversationId, [text]);
  }

  /** The page went ahead of a server that refused: show again how things are there. */
  private async reload(): Promise<void> {
    const { store } = this;
    const id = store.state.conversationId;
    if (id === null) return;
    const stored = await request<StoredConversation>(`/api/conversations/${id}`).catch(() => null);
    // Where it cannot be had, the problem that is shown already says so.
    if (!stored || this.closed || store.state.conversationId !== id) return;
    store.update({ conversation: conversationOf(stored, store.state.conversation) });
  }
}
