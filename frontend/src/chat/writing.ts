import { newItemId, reduceFrame, written } from "../conversation/conversation";
import { problemOfEvent } from "../conversation/problem";
import type { CallStore } from "../conversation/store";
import { socketAddress } from "../server/http";
import { ChatClient } from "./client";
import type { ServerFrame } from "./frames";

/** The conversation without a call: written on both sides. A call may take it up later. */
export class Writing {
  private readonly client: ChatClient;

  constructor(
    private readonly store: CallStore,
    agent: string | null,
  ) {
    this.client = new ChatClient({
      url: socketAddress("/chat"),
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
    store.update({ problem: null, conversation: written(store.state.conversation, id, text) });
    this.client.say(id, text);
  }

  stop(): void {
    this.client.stop();
  }

  close(): void {
    this.client.close();
  }

  private receive(frame: ServerFrame): void {
    const { store } = this;
    const failure = frame.type === "error" ? frame : frame.type === "reply_done" && frame.error;
    store.update({
      conversation: reduceFrame(store.state.conversation, frame),
      conversationId: frame.conversation_id ?? store.state.conversationId,
      problem: failure ? problemOfEvent(failure) : null,
    });
  }
}
