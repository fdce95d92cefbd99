import type { Captured } from "./capture.worklet";
import { chooseSink, listDevices, watchDevices } from "./devices";
import { Microphone, MicrophoneError, type MicrophoneWishes } from "./microphone";
import { type Progress, Speaker } from "./speaker";

export interface SoundWishes extends MicrophoneWishes {
  /** A device id; empty means the system's own choice. */
  speaker: string;
}

export interface SoundHandlers {
  onFrame: (frame: Captured) => void;
  onProgress: (progress: Progress) => void;
  /** Another microphone is open than before. */
  onMicrophone: () => void;
  /** There is no microphone left, or no permission for the one that is. */
  onLost: (error: unknown) => void;
}

/**
 * Both directions of a call's sound: one context, the microphone and the speaker in it.
 *
 * Outlives changes of devices: a headset that goes away is replaced by what the system has, and
 * taken again when it comes back.
 */
export class Sound {
  private microphone: Microphone | null = null;
  private opening: Promise<void> | null = null;
  private silenced = false;
  private closed = false;
  private readonly unwatch: () => void;

  private constructor(
    private readonly context: AudioContext,
    readonly speaker: Speaker,
    private wishes: SoundWishes,
    private readonly handlers: SoundHandlers,
  ) {
    this.unwatch = watchDevices(() => void this.devicesChanged());
    context.addEventListener("statechange", this.awake);
    document.addEventListener("visibilitychange", this.awake);
  }

  /** `context` must have been made in the user's click. Throws MicrophoneError. */
  static async open(
    context: AudioContext,
    wishes: SoundWishes,
    handlers: SoundHandlers,
  ): Promise<Sound> {
    let lost = () => {};
    // Both ask at once: the permission prompt must not wait for a download.
    const [speaker, microphone] = await Promise.allSettled([
      Speaker.open(context, handlers.onProgress),
      Microphone.open(context, wishes, handlers.onFrame, () => lost()),
      context.resume(),
    ]);
    if (speaker.status === "rejected" || microphone.status === "rejected") {
      if (microphone.status === "fulfilled") microphone.value.close();
      throw microphone.status === "rejected" ? microphone.reason : rejection(speaker);
    }
    const sound = new Sound(context, speaker.value, wishes, handlers);
    sound.microphone = microphone.value;
    lost = () => void sound.reopen();
    try {
      await chooseSink(context, wishes.speaker);
    } catch (error) {
      sound.close();
      throw error;
    }
    return sound;
  }

  /** The microphone hears what the speaker plays: nobody takes it out. */
  get hearsItself(): boolean {
    return this.microphone?.hearsSpeaker ?? false;
  }

  set muted(muted: boolean) {
    this.silenced = muted;
    if (this.microphone) this.microphone.muted = muted;
  }

  /** Other devices or other processing, in the middle of the call. */
  async change(wishes: SoundWishes): Promise<void> {
    const { speaker, ...before } = this.wishes;
    const { speaker: wanted, ...after } = wishes;
    this.wishes = wishes;
    if (wanted !== speaker) await chooseSink(this.context, wanted);
    if (JSON.stringify(before) !== JSON.stringify(after)) await this.reopen();
  }

  /** The microphone is closed before this returns. */
  close(): void {
    this.closed = true;
    this.unwatch();
    this.context.removeEventListener("statechange", this.awake);
    document.removeEventListener("visibilitychange", this.awake);
    this.microphone?.close();
    this.speaker.close();
  }

  /** Close the microphone and take the one that is wished for, or what the system has. */
  private reopen(): Promise<void> {
    this.opening = (this.opening ?? Promise.resolve()).then(() => this.replace());
    return this.opening;
  }

  private async replace(): Promise<void> {
    if (this.closed) return;
    this.microphone?.close();
    this.microphone = null;
    try {
      const { context, wishes, handlers } = this;
      const lost = () => void this.reopen();
      const microphone = await Microphone.open(context, wishes, handlers.onFrame, lost);
      if (this.closed) {
        microphone.close();
        return;
      }
      microphone.muted = this.silenced;
      this.microphone = microphone;
      handlers.onMicrophone();
    } catch (error) {
      const gone = error instanceof MicrophoneError && error.problem === "missing";
      if (!this.closed) this.handlers.onLost(gone ? new MicrophoneError("lost") : error);
    }
  }

  /** A wished-for device came back, or the chosen speaker went away. */
  private async devicesChanged(): Promise<void> {
    const { microphones } = await listDevices();
    if (this.closed) return;
    await chooseSink(this.context, this.wishes.speaker);
    const wanted = this.wishes.microphone;
    const back = microphones.some((device) => device.id === wanted);
    if (back && this.microphone && this.microphone.device !== wanted) await this.reopen();
  }

  /** Phones suspend the context for a ring or a locked screen: go on as soon as they let us. */
  private readonly awake = () => {
    const { context } = this;
    if (this.closed || context.state === "running" || context.state === "closed") return;
    // Refused while the page is hidden; the next change of visibility asks again.
    context.resume().catch(() => undefined);
  };
}

function rejection(result: PromiseSettledResult<unknown>): unknown {
  return result.status === "rejected" ? result.reason : new Error("no sound");
}
