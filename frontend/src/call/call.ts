import type { Captured } from "../audio/capture.worklet";
import { MicrophoneError } from "../audio/microphone";
import { toBase64 } from "../audio/pcm";
import { Sound } from "../audio/sound";
import type { Progress } from "../audio/speaker";
import { giveBackDraft } from "../chat/drafts";
import { hungUp, newItemId, reduce, withdrawn, written } from "../conversation/conversation";
import { type Problem, problemOfConnection, problemOfEvent } from "../conversation/problem";
import type { CallStore } from "../conversation/store";
import { type Connection, RealtimeClient } from "../realtime/client";
import type { ServerEvent } from "../realtime/events";
import { browserId } from "../server/browser";
import { socketAddress } from "../server/http";
import { type Mode, preferences } from "./preferences";
import { WordTrack } from "./words";

/** What the page wants of a session: who ends a turn, both sides' words, Kaikou's events. `hearsItself`:
 * the server is to tell the agent's own voice from the user's. */
function sessionFor(mode: Mode, hearsItself: boolean): object {
  const turn_detection = mode === "push" ? null : { type: "semantic_vad" };
  return {
    type: "realtime",
    output_modalities: ["audio"],
    audio: { input: { transcription: {}, turn_detection } },
    kaikou: { events: true, hears_itself: hearsItself },
  };
}

/** People let go of the button with the last syllable: its end is still taken. */
const TAIL_MILLISECONDS = 160;
/** Shorter than this nobody has said anything: a touch by mistake. */
const LEAST_MILLISECONDS = 250;
const FRAME_MILLISECONDS = 20;
const FAREWELL_MILLISECONDS = 500;

/**
 * One spoken call: microphone -> socket -> speaker, and what of it the page shows.
 *
 * Lives from the click that starts it to `end()`; a conversation may go on in a later call.
 */
export class Call {
  private sound: Sound | null = null;
  private client: RealtimeClient | null = null;
  /** The item whose sound came last, which is the one a played count must belong to. */
  private sounding: string | null = null;
  private readonly words = new WordTrack();
  /** Milliseconds sent since the button was pressed; null while it is not. */
  private pressed: number | null = null;
  /** The agent took leave: the end of the connection is no fault. */
  private left = false;
  private tail: ReturnType<typeof setTimeout> | undefined;
  /** Written while there was no connection. */
  private unsent: { id: string; text: string }[] = [];
  /** Hung up, by whomever. */
  over = false;

  private constructor(
    private readonly context: AudioContext,
    private readonly store: CallStore,
  ) {}

  /** Call it in the handler of a click: browsers let sound begin only there. */
  static start(store: CallStore, agent: string | null): Call {
    const call = new Call(new AudioContext({ latencyHint: "interactive" }), store);
    store.update({
      phase: "connecting",
      problem: null,
      muted: false,
      playing: false,
      mode: preferences().mode,
      pressing: false,
      awaiting: false,
      full: false,
      since: null,
      spoken: null,
      mood: null,
    });
    void call.open(agent).catch((error: unknown) => call.fail(error));
    return call;
  }

  /** Hang up: the microphone is closed before this returns. */
  end(): void {
    // Another call may be under way already, in the same store.
    if (this.over) return;
    this.close();
    this.giveBack();
    const { conversation } = this.store.state;
    this.store.update({
      phase: "ended",
      playing: false,
      pressing: false,
      awaiting: false,
      conversation: hungUp(conversation),
    });
  }

  mute(muted: boolean): void {
    if (this.sound) this.sound.muted = muted;
    this.store.update({ muted });
  }

  /** Hands-free or by the button, from now on. */
  changeMode(mode: Mode): void {
    if (this.pressed !== null) this.client?.send({ type: "input_audio_buffer.clear" });
    this.letGo();
    if (this.sound) this.sound.muted = false;
    this.store.update({ mode, muted: false });
    this.configure();
  }

  /** The devices or the processing of their sound were chosen anew. */
  changeSound(): void {
    this.sound?.change(preferences()).catch((error: unknown) => this.fail(error));
  }

  private configure(): void {
    this.client?.reconfigure(this.wanted());
  }

  private wanted(): object {
    return sessionFor(this.store.state.mode, this.sound?.hearsItself ?? false);
  }

  /** The button is held: the agent falls silent and the user is heard. */
  press(): void {
    const { phase, mode } = this.store.state;
    if (phase !== "live" || mode !== "push" || this.store.state.pressing) return;
    if (this.pressed !== null) this.letGo();
    void this.interrupt();
    this.client?.send({ type: "input_audio_buffer.clear" });
    this.pressed = 0;
    this.store.update({ pressing: true, awaiting: false, problem: null });
  }

  /** The button is let go: what was said is a turn, and is answered. */
  release(): void {
    if (!this.store.state.pressing) return;
    this.store.update({ pressing: false });
    clearTimeout(this.tail);
    this.tail = setTimeout(() => {
      const said = this.pressed ?? 0;
      this.letGo();
      if (said < LEAST_MILLISECONDS + TAIL_MILLISECONDS) {
        this.client?.send({ type: "input_audio_buffer.clear" });
        return;
      }
      this.client?.send({ type: "input_audio_buffer.commit" });
      this.client?.send({ type: "response.create" });
      this.store.update({ awaiting: true });
    }, TAIL_MILLISECONDS);
  }

  private letGo(): void {
    clearTimeout(this.tail);
    this.pressed = null;
    this.store.level("user", 0);
    if (this.store.state.pressing) this.store.update({ pressing: false });
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
    this.unsent.push({ id, text });
    if (this.over) return this.giveBack();
    this.store.update({ conversation: written(this.store.state.conversation, id, text) });
    this.deliver();
  }

  /** What was written meanwhile, and one wish for an answer to all of it. */
  private deliver(): void {
    let sent = false;
    for (let next = this.unsent[0]; next; next = this.unsent[0]) {
      const { id, text } = next;
      const content = [{ type: "input_text", text }];
      const item = { id, type: "message", role: "user", content };
      if (!this.client?.send({ type: "conversation.item.create", item })) break;
      this.unsent.shift();
      sent = true;
    }
    if (sent) this.client?.send({ type: "response.create" });
  }

  /** What never reached the server goes back to where it was written. */
  private giveBack(): void {
    if (this.unsent.length === 0) return;
    const { conversationId } = this.store.state;
    let { conversation } = this.store.state;
    for (const { id } of this.unsent) conversation = withdrawn(conversation, id);
    const texts = this.unsent.map(({ text }) => text);
    this.unsent = [];
    this.store.update({ conversation });
    giveBackDraft(conversationId, texts);
  }

  private async open(agent: string | null): Promise<void> {
    const { context, store } = this;
    const sound = await Sound.open(context, preferences(), {
      onFrame: (frame) => this.capture(frame),
      onProgress: (progress) => this.progress(progress),
      onMicrophone: () => this.configure(),
      onLost: (error) => this.fail(error),
    });
    this.sound = sound;
    sound.muted = store.state.muted;
    if (this.over) {
      this.close();
      return;
    }
    this.client = new RealtimeClient({
      url: (conversation) =>
        socketAddress("/v1/realtime", {
          agent,
          conversation_id: conversation,
          browser: browserId(),
          model: "kaikou",
        }),
      session: this.wanted(),
      conversationId: store.state.conversationId,
      onEvent: (event) => this.receive(event),
      onConnection: (connection) => this.connection(connection),
      heard: () => this.heardOfNewest(),
    });
    this.client.connect();
  }

  private progress({ playing, level, played }: Progress): void {
    const { store } = this;
    store.level("agent", playing ? level : 0);
    const spoken = this.words.at(played);
    if (playing !== store.state.playing || spoken !== store.state.spoken) {
      store.update({ playing, spoken });
    }
  }

  private capture(frame: Captured): void {
    this.store.level("microphone", frame.level);
    if (this.store.state.mode === "push") {
      if (this.pressed === null) return;
      this.pressed += FRAME_MILLISECONDS;
    }
    this.store.level("user", frame.level);
    this.client?.sendAudio(toBase64(frame.pcm));
  }

  private connection(connection: Connection): void {
    if (connection.state === "live") {
      const since = this.store.state.since ?? Date.now();
      const { conversationId } = connection;
      this.store.update({ phase: "live", conversationId, since, full: false });
      this.deliver();
    } else if (connection.state === "ended") {
      if (this.left) {
        // The last of the farewell is still on its way to the ear.
        setTimeout(() => this.end(), FAREWELL_MILLISECONDS);
        return;
      }
      const refused = this.store.state.phase === "connecting";
      this.end();
      const problem = problemOfConnection(connection.code, connection.error);
      this.store.update(refused ? { phase: "idle", problem } : { problem });
    } else if (connection.state === "connecting") {
      this.store.update({ phase: "connecting", full: connection.full });
    } else {
      this.letGo();
      this.store.update({ phase: "reconnecting" });
    }
  }

  private receive(event: ServerEvent): void {
    const { store, client } = this;
    const speaker = this.sound?.speaker;
    const conversation = reduce(store.state.conversation, event);
    if (conversation !== store.state.conversation) store.update({ conversation });
    switch (event.type) {
      case "response.output_audio.delta":
        this.sounding = event.item_id;
        speaker?.play(event.item_id, event.delta);
        break;
      case "kaikou.word":
        this.words.add(event.item_id, event);
        break;
      case "response.created":
        store.update({ mood: null, awaiting: false });
        break;
      case "kaikou.emotion":
        store.update({ mood: event.emotion });
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
      case "kaikou.volume":
        speaker?.volume(event.percent);
        break;
      case "kaikou.left":
        this.left = true;
        break;
      case "conversation.item.truncated":
        client?.send({ type: "conversation.item.retrieve", item_id: event.item_id });
        break;
      case "error":
        store.update({ problem: problemOfEvent(event.error), awaiting: false });
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
    const played = await this.sound?.speaker.flush();
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
    if (this.sounding === null || !this.sound) return null;
    const played = await this.sound.speaker.flush();
    return played?.item === this.sounding ? played.milliseconds : 0;
  }

  private fail(error: unknown): void {
    if (this.over) return;
    this.end();
    this.store.update({ phase: "idle", problem: problemOf(error) });
  }

  private close(): void {
    this.over = true;
    clearTimeout(this.tail);
    this.pressed = null;
    this.sound?.close();
    this.client?.stop();
    if (this.context.state !== "closed") void this.context.close();
    for (const side of ["user", "agent", "microphone"] as const) this.store.level(side, 0);
  }
}

function problemOf(error: unknown): Problem {
  if (error instanceof MicrophoneError) return { key: `problem.${error.problem}` };
  return { key: "problem.audio" };
}
