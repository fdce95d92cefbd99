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

interface Waiting {
  id: string;
  text: string;
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
  /** Written, and not yet acknowledged. */
  private waiting: Waiting[] = [];
  private answering = false;
  private delay = FIRST_DELAY;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private closed = false;

  constructor(private readonly options: ChatOptions) {
    this.conversationId = options.conversationId;
  }

  say(id: string, text: string): void {
    const message = { id, text, tries: 0 };
    this.waiting.push(message);
    if (this.socket) this.send(message);
    else this.open();
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

  private open(): void {
    const socket = new WebSocket(this.options.url, SUBPROTOCOL);
    this.socket = socket;
    socket.onopen = () => {
      this.delay = FIRST_DELAY;
      if (this.conversationId !== null && this.seq > 0) {
        const conversation_id = this.conversationId;
        this.put({ v: 1, type: "resume", conversation_id, seq: this.seq });
      }
      for (const message of this.waiting) this.send(message);
    };
    socket.onmessage = (message: MessageEvent<string>) => {
      if (!this.closed) this.receive(JSON.parse(message.data) as ServerFrame);
    };
    socket.onclose = () => {
      if (!this.closed) this.dropped();
    };
  }

  private send({ id, text }: Waiting): void {
    const { agent } = this.options;
    this.put({
      v: 1,
      type: "user_message",
      text,
      message_id: id,
      ...(this.conversationId === null ? {} : { conversation_id: this.conversationId }),
      ...(agent === null ? {} : { agent }),
    });
  }

  private put(frame: ClientFrame): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
  }

  private receive(frame: ServerFrame): void {
    if (frame.type === "error" && frame.code === IN_USE && this.sendAgain(frame.message_id)) return;
    if (frame.seq > 0) {
      this.seq = frame.seq;
      this.conversationId = frame.conversation_id ?? this.conversationId;
    }
    if (frame.type === "message" || frame.type === "error") {
      this.waiting = this.waiting.filter((message) => message.id !== frame.message_id);
    }
    if (frame.type === "reply_started") this.answering = true;
    if (frame.type === "reply_done") this.answering = false;
    this.options.onFrame(frame);
  }

  private sendAgain(id: string | null): boolean {
    const message = this.waiting.find((one) => one.id === id);
    if (!message || message.tries >= IN_USE_TRIES) return false;
    message.tries += 1;
    this.timer = setTimeout(() => this.send(message), IN_USE_DELAY);
    return true;
  }

  private dropped(): void {
    this.socket = null;
    if (this.waiting.length === 0 && !this.answering) return;
    this.options.onLost();
    this.timer = setTimeout(() => this.open(), this.delay);
    this.delay = Math.min(LONGEST_DELAY, this.delay * 2);
  }
}
