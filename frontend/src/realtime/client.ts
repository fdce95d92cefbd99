import type { ClientEvent, ServerEvent, WireError } from "./events";

/** What became of the connection. `full`: every line is taken, and it waits for one. `ended`: not by the page, and coming back is of no use. */
export type Connection =
  | { state: "connecting"; full: boolean }
  | { state: "live"; conversationId: string }
  | { state: "reconnecting" }
  | { state: "ended"; code: number; error: WireError | null };

export interface RealtimeOptions {
  /** Address of the socket, for a new conversation (null) or one to be taken up again. */
  url: (conversationId: string | null) => string;
  /** Sent as `session.update` on every new session, until `reconfigure`. */
  session: object;
  conversationId: string | null;
  onEvent: (event: ServerEvent) => void;
  onConnection: (connection: Connection) => void;
  /** Called after a drop, right before resuming: stop the sound, and tell how many milliseconds
   * of the newest reply were heard (null: there was none). */
  heard: () => Promise<number | null>;
}

/** How long the server keeps a dropped conversation (its `live.resume_seconds`). */
const RESUME_SECONDS = 60;
const FIRST_DELAY = 300;
const LONGEST_DELAY = 5_000;
/** Beyond this many bytes waiting in the socket, sound is dropped rather than sent late. */
const SEND_LIMIT = 512 * 1024;
/** Refusals that pass: how long to wait before asking again (milliseconds), and how often. */
const PASSING: Record<string, { wait: number; tries: number }> = {
  // The chat of this page is just letting go of the conversation.
  conversation_in_use: { wait: 300, tries: 10 },
  session_limit_reached: { wait: 2_000, tries: 5 },
};
/** Close codes after which coming back is of no use: refused, failed for good, taken over. */
const FINAL_CODES = new Set([1000, 1003, 1007, 1008, 1009, 4001]);

/**
 * One conversation over `/v1/realtime`. A dropped socket is opened again and the conversation
 * resumed: what was said meanwhile is heard then, from where the speaker stopped.
 */
export class RealtimeClient {
  private socket: WebSocket | null = null;
  private conversationId: string | null;
  private lastEventId: string | null = null;
  private lastError: WireError | null = null;
  /** Events may be sent: the session is ours and knows what we want of it. */
  private ready = false;
  /** The conversation was live once, so that a drop is worth coming back from. */
  private known = false;
  private droppedAt: number | null = null;
  private delay = FIRST_DELAY;
  private tries = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private stopped = false;

  private session: object;

  constructor(private readonly options: RealtimeOptions) {
    this.conversationId = options.conversationId;
    this.session = options.session;
  }

  connect(): void {
    this.options.onConnection({ state: "connecting", full: false });
    this.open();
  }

  /** False where the event could not be sent, because there is no connection just now. */
  send(event: ClientEvent): boolean {
    if (!this.ready || this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(event));
    return true;
  }

  /** Want something else of the session: now, and of any that replaces it. */
  reconfigure(session: object): void {
    this.session = session;
    this.send({ type: "session.update", session });
  }

  /** Sound is worth sending only while it is fresh. */
  sendAudio(base64: string): void {
    if ((this.socket?.bufferedAmount ?? 0) < SEND_LIMIT) {
      this.send({ type: "input_audio_buffer.append", audio: base64 });
    }
  }

  /** Hang up. No event follows. */
  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.socket?.close(1000);
  }

  private open(): void {
    const socket = new WebSocket(this.options.url(this.conversationId));
    this.socket = socket;
    this.ready = false;
    socket.onmessage = (message: MessageEvent<string>) => {
      if (!this.stopped) this.receive(JSON.parse(message.data) as ServerEvent);
    };
    socket.onclose = (closed) => {
      if (!this.stopped) this.dropped(closed.code);
    };
  }

  private receive(event: ServerEvent): void {
    if (event.type === "session.created") {
      if (this.known) void this.resume();
      else this.configure();
      return;
    }
    this.lastEventId = event.event_id ?? this.lastEventId;
    if (event.type === "error") {
      this.lastError = event.error;
      // The server was restarted: it took the stored history up in a session of its own.
      if (event.error.code === "resume_not_found") this.configure();
      // A refusal is told with the end of the connection, unless it passes.
      if (event.error.code?.startsWith("resume_") || !this.ready) return;
    }
    if (event.type === "session.updated") {
      this.conversationId = event.session.kaikou?.conversation_id ?? this.conversationId;
      this.live();
    }
    this.options.onEvent(event);
  }

  private configure(): void {
    this.ready = true;
    this.send({ type: "session.update", session: this.session });
  }

  private async resume(): Promise<void> {
    const played = await this.options.heard();
    if (this.stopped || this.conversationId === null) return;
    this.ready = true;
    this.send({
      type: "kaikou.resume",
      conversation_id: this.conversationId,
      ...(this.lastEventId === null ? {} : { last_event_id: this.lastEventId }),
      ...(played === null ? {} : { played_ms: played }),
    });
    this.live();
  }

  private live(): void {
    if (this.conversationId === null) return;
    this.known = true;
    this.droppedAt = null;
    this.delay = FIRST_DELAY;
    this.lastError = null;
    this.options.onConnection({ state: "live", conversationId: this.conversationId });
  }

  private dropped(code: number): void {
    this.ready = false;
    this.droppedAt ??= Date.now();
    const passing = PASSING[this.lastError?.code ?? ""];
    if (!this.known && passing && this.tries < passing.tries) {
      this.tries += 1;
      const full = this.lastError?.code === "session_limit_reached";
      this.options.onConnection({ state: "connecting", full });
      this.timer = setTimeout(() => this.open(), passing.wait);
      return;
    }
    const late = Date.now() - this.droppedAt > RESUME_SECONDS * 1000;
    if (FINAL_CODES.has(code) || !this.known || late) {
      this.stopped = true;
      this.options.onConnection({ state: "ended", code, error: this.lastError });
      return;
    }
    this.options.onConnection({ state: "reconnecting" });
    this.timer = setTimeout(() => this.open(), this.delay);
    this.delay = Math.min(LONGEST_DELAY, this.delay * 2);
  }
}
