import type { Captured } from "../audio/capture.worklet";
import { Microphone, MicrophoneError } from "../audio/microphone";
import { toBase64 } from "../audio/pcm";
import { Speaker } from "../audio/speaker";
import { hungUp, newItemId, reduce, written } from "../conversation/conversation";
import { type Problem, problemOfConnection, problemOfEvent } from "../conversation/problem";
import type { CallStore } from "../conversation/store";
import { type Connection, RealtimeClient } from "../realtime/client";
import type { ServerEvent } from "../realtime/events";
import { socketAddress } from "../server/http";

/** What the page wants of a session: semantic turn-taking, both sides' words, Kaikou's events. */
const SESSION = {
  type: "realtime",
  output_modalities: ["audio"],
  audio: { input: { transcription: {}, turn_detection: { type: "semantic_vad" } } },
  kaikou: { events: true },
};

/**
 * One spoken call: microphone -> socket -> speaker, and what of it the page shows.
 *
 * Lives from the click that starts it to `end()`; a conversation may go on in a later call.
 */
export class Call {
  private microphone: Microphone | null = null;
  private speaker: Speaker | null = null;
  private client: RealtimeClient | null = null;
  /** The item whose sound came last, which is the one a played count must belong to. */
  private sounding: string | null = null;
  /** Hung up, by whomever. */
  over = false;

  private constructor(
    private readonly context: AudioContext,
    private readonly store: CallStore,
  ) {}

  /** Call it in the handler of a click: browsers let sound begin only there. */
  static start(store: CallStore, agent: string | null): Call {
    const call = new Call(new AudioContext({ latencyHint: "interactive" }), store);
    store.update({ phase: "connecting", problem: null, muted: false, playing: false });
    void call.open(agent).catch((error: unknown) => call.fail(error));
    return call;
  }

  /** Hang up: the microphone is closed before this returns. */
  end(): void {
    this.close();
    const { conversation } = this.store.state;
    this.store.update({ phase: "ended", playing: false, conversation: hungUp(conversation) });
  }

  mute(muted: boolean): void {
    if (this.microphone) this.microphone.muted = muted;
    this.store.update({ muted });
  }

  /** The user takes the floor by a button: silence now, and the agent knows what was heard. */
  async interrupt(): Promise<void> {
    if (this.store.state.conversation.response) this.client?.send({ type: "response.cancel" });
    await this.silence();
  }

  /** Something written in the middle of the call; answered aloud like anything said. */
  async write(text: string): Promise<void> {
    await this.interrupt();
    const id = newItemId();
    const content = [{ type: "input_text", text }];
    const item = { id, type: "message", role: "user", content };
    const sent = this.client?.send({ type: "conversation.item.create", item });
    if (!sent) return;
    this.client?.send({ type: "response.create" });
    this.store.update({ conversation: written(this.store.state.conversation, id, text) });
  }

  private async open(agent: string | null): Promise<void> {
    const { context, store } = this;
    // Both ask at once: the permission prompt must not wait for a download.
    const [speaker, microphone] = await Promise.all([
      Speaker.open(context, ({ playing, level }) => {
        store.level("agent", playing ? level : 0);
        if (playing !== store.state.playing) store.update({ playing });
      }),
      Microphone.open(
        context,
        (frame) => this.capture(frame),
        () => this.fail(new MicrophoneError("lost")),
      ),
      context.resume(),
    ]);
    this.speaker = speaker;
    this.microphone = microphone;
    if (this.over) {
      this.close();
      return;
    }
    this.client = new RealtimeClient({
      url: (conversation) =>
        socketAddress("/v1/realtime", { agent, conversation_id: conversation, model: "kaikou" }),
      session: SESSION,
      conversationId: store.state.conversationId,
      onEvent: (event) => this.receive(event),
      onConnection: (connection) => this.connection(connection),
      heard: () => this.heardOfNewest(),
    });
    this.client.connect();
  }

  private capture(frame: Captured): void {
    this.store.level("user", frame.level);
    this.client?.sendAudio(toBase64(frame.pcm));
  }

  private connection(connection: Connection): void {
    if (connection.state === "live") {
      this.store.update({ phase: "live", conversationId: connection.conversationId });
    } else if (connection.state === "ended") {
      const refused = this.store.state.phase === "connecting";
      this.end();
      const problem = problemOfConnection(connection.code, connection.error);
      this.store.update(refused ? { phase: "idle", problem } : { problem });
    } else {
      this.store.update({ phase: connection.state });
    }
  }

  private receive(event: ServerEvent): void {
    const { store, speaker, client } = this;
    store.update({ conversation: reduce(store.state.conversation, event) });
    switch (event.type) {
      case "response.output_audio.delta":
        this.sounding = event.item_id;
        speaker?.play(event.item_id, event.delta);
        break;
      case "response.output_audio.done":
        speaker?.end(event.item_id);
        break;
      case "kaikou.playback.paused":
        speaker?.hold();
        break;
      case "kaikou.playback.resumed":
        speaker?.release();
        break;
      case "kaikou.interrupted":
        void this.silence();
        break;
      case "conversation.item.truncated":
        client?.send({ type: "conversation.item.retrieve", item_id: event.item_id });
        break;
      case "error":
        store.update({ problem: problemOfEvent(event.error) });
        break;
      case "response.done":
        if (event.response.status === "failed") {
          store.update({ problem: problemOfEvent(event.response.status_details?.error) });
        }
        break;
    }
  }

  /** Stop the sound and tell the server exactly how much of it was heard. */
  private async silence(): Promise<void> {
    const wasPlaying = this.store.state.playing;
    const played = await this.speaker?.flush();
    if (!wasPlaying || !played || this.over) return;
    this.client?.send({
      type: "conversation.item.truncate",
      item_id: played.item,
      content_index: 0,
      audio_end_ms: played.milliseconds,
    });
  }

  /** For resuming: what was heard of the newest reply. The server sends the rest again. */
  private async heardOfNewest(): Promise<number | null> {
    if (this.sounding === null || !this.speaker) return null;
    const played = await this.speaker.flush();
    return played?.item === this.sounding ? played.milliseconds : 0;
  }

  private fail(error: unknown): void {
    if (this.over) return;
    this.end();
    this.store.update({ phase: "idle", problem: problemOf(error) });
  }

  private close(): void {
    this.over = true;
    this.microphone?.close();
    this.client?.stop();
    this.speaker?.close();
    if (this.context.state !== "closed") void this.context.close();
    this.store.level("user", 0);
    this.store.level("agent", 0);
  }
}

function problemOf(error: unknown): Problem {
  if (error instanceof MicrophoneError) return { key: `problem.${error.problem}` };
  return { key: "problem.audio" };
}
