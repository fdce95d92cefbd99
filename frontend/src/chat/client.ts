import { type ClientFrame, type ServerFrame, SUBPROTOCOL } from "./frames";

export interface ChatOptions {
  url: string;
  agent: string | null;
  conversationId: string | null;
  onFrame: (frame: ServerFrame) => void;
  /** The server is away and what was written waits. */
  onLost: () => void;
}

const FIRST_DELAY = 300;
const LONGEST_DELAY = 5_000;
/** The conversation is still being let go by the call that just ended: asked again shortly. */
const IN_USE = "conversation_in_use";
const IN_USE_DELAY = 300;
const IN_USE_TRIES = 10;

/** Stands for the message that came last, whichever it is. */
const LAST = "";

/** Something asked of the server that it has not yet acknowledged. */
interface Wish {
  /** The message it is about, by which the server's acknowledgement is known. */
  id: string;
  frame: () => ClientFrame;
  tries: number;
}

/**
 * Writing without a call, over `/chat`. Opens the socket when there is something to say, and comes
 * back after a drop as long as an answer is owed; the server then sends what was missed.
 */
export class ChatClient {
  private socket: WebSocket | null = null;
  private conversationId: string | null;
  private seq = 0;
  private wishes: Wish[] = [];
  private answering = false;
  private delay = FIRST_DELAY;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private closed = false;

  constructor(private readonly options: ChatOptions) {
    this.conversationId = options.conversationId;
  }

  say(id: string, text: string): void {
    const { agent } = this.options;
    this.wish(id, () => ({
      v: 1,
      type: "user_message",
      text,
      message_id: id,
      ...(this.conversationId === null ? {} : { conversation_id: this.conversationId }),
      ...(agent === null ? {} : { agent }),
    }));
  }

  /** Say a message differently. It and all after it are removed, and the new text is answered. */
  edit(id: string, text: string): void {
    this.wishThere(id, (conversation_id) => ({
      v: 1,
      type: "edit",
      conversation_id,
      message_id: id,
      text,
    }));
  }

  /** Have an answer made anew: it and all after it are removed. Null: whatever came last. */
  regenerate(id: string | null): void {
    this.wishThere(id ?? LAST, (conversation_id) => ({
      v: 1,
      type: "regenerate",
      conversation_id,
      ...(id === null ? {} : { message_id: id }),
    }));
  }

  /** Listen to a conversation that is being answered; `history` comes first. */
  follow(): void {
    this.answering = true;
    if (!this.socket) this.open();
  }

  /** End the answer under way; what was written of it stays. */
  stop(): void {
    if (!this.answering || this.conversationId === null) return;
    this.put({ v: 1, type: "stop", conversation_id: this.conversationId });
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.socket?.close(1000);
  }

  private wishThere(id: string, frame: (conversationId: string) => ClientFrame): void {
    const { conversationId } = this;
    if (conversationId !== null) this.wish(id, () => frame(conversationId));
  }

  private wish(id: string, frame: () => ClientFrame): void {
    this.wishes.push({ id, frame, tries: 0 });
    if (this.socket) this.put(frame());
    else this.open();
  }

  private open(): void {
    const socket = new WebSocket(this.options.url, SUBPROTOCOL);
    this.socket = socket;
    socket.onopen = () => {
      this.delay = FIRST_DELAY;
      this.takeUp();
      for (const wish of this.wishes) this.put(wish.frame());
    };
    socket.onmessage = (message: MessageEvent<string>) => {
      if (!this.closed) this.receive(JSON.parse(message.data) as ServerFrame);
    };
    socket.onclose = () => {
      if (!this.closed) this.dropped();
    };
  }

  /** What was missed of an answer that is owed. */
  private takeUp(): void {
    if (this.conversationId === null) return;
    const conversation_id = this.conversationId;
    if (this.seq > 0) this.put({ v: 1, type: "resume", conversation_id, seq: this.seq });
    else if (this.answering) this.put({ v: 1, type: "open", conversation_id });
  }

  private put(frame: ClientFrame): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
  }

  private receive(frame: ServerFrame): void {
    if (frame.type === "error" && frame.code === IN_USE && this.askAgain(frame.message_id)) return;
    if (frame.seq > 0) {
      this.seq = frame.seq;
      this.conversationId = frame.conversation_id ?? this.conversationId;
    }
    if (frame.type === "message" || frame.type === "error" || frame.type === "removed") {
      this.fulfilled(frame.message_id ?? LAST);
    }
    if (frame.type === "reply_started") {
      this.answering = true;
      this.fulfilled(LAST);
    }
    if (frame.type === "reply_done") this.answering = false;
    if (frame.type === "history") {
      this.answering = frame.messages.some((message) => message.status === "in_progress");
    }
    this.options.onFrame(frame);
  }

  private fulfilled(id: string): void {
    this.wishes = this.wishes.filter((wish) => wish.id !== id);
  }

  private askAgain(id: string | null): boolean {
    const wish = this.wishes.find((one) => one.id === (id ?? LAST));
    if (!wish || wish.tries >= IN_USE_TRIES) return false;
    wish.tries += 1;
    this.timer = setTimeout(() => this.put(wish.frame()), IN_USE_DELAY);
    return true;
  }

  private dropped(): void {
    this.socket = null;
    if (this.wishes.length === 0 && !this.answering) return;
    this.options.onLost();
    this.timer = setTimeout(() => this.open(), this.delay);
    this.delay = Math.min(LONGEST_DELAY, this.delay * 2);
  }
}
