import { fromBase64, fromPcm16 } from "./pcm";
import type { PlaybackCommand, PlaybackReport } from "./playback.worklet";
import playbackUrl from "./playback.worklet.ts?worker&url";
import type { Played } from "./playback-queue";

export interface Progress {
  playing: boolean;
  level: number;
  /** What has been heard of the item that plays or played last. */
  played: Played | null;
}

/** The worklet answers within milliseconds; one whose device is gone or asleep may not answer at all. */
const FLUSH_MILLISECONDS = 500;

/** The agent's voice: plays what arrives, and knows to the millisecond what was heard. */
export class Speaker {
  private flushes = new Map<number, (played: Played | null) => void>();
  private number = 0;
  private last: Played | null = null;

  private constructor(
    private readonly context: AudioContext,
    private readonly node: AudioWorkletNode,
    private readonly gain: GainNode,
    onProgress: (progress: Progress) => void,
  ) {
    node.port.onmessage = (message: MessageEvent<PlaybackReport>) => {
      const report = message.data;
      this.last = report.played;
      if (report.type === "progress") {
        const played = this.heard(report.played);
        onProgress({ playing: report.playing, level: report.level, played });
      } else {
        this.flushes.get(report.number)?.(this.heard(report.played));
      }
    };
  }

  /** `context` must have been made in the user's click, or phones stay silent. */
  static async open(
    context: AudioContext,
    onProgress: (progress: Progress) => void,
  ): Promise<Speaker> {
    await context.audioWorklet.addModule(playbackUrl);
    const node = new AudioWorkletNode(context, "kaikou-playback", {
      numberOfInputs: 0,
      outputChannelCount: [1],
    });
    const gain = new GainNode(context);
    node.connect(gain).connect(context.destination);
    return new Speaker(context, node, gain, onProgress);
  }

  /** What was heard of the item that plays or played last. */
  get played(): Played | null {
    return this.heard(this.last);
  }

  /** More of an item's sound: base64 PCM16 at the wire's rate. */
  play(item: string, base64: string): void {
    const samples = fromPcm16(fromBase64(base64));
    this.send({ type: "audio", item, samples }, [samples.buffer]);
  }

  /** The item's sound is complete. */
  end(item: string): void {
    this.send({ type: "end", item });
  }

  hold(): void {
    this.send({ type: "hold" });
  }

  release(): void {
    this.send({ type: "release" });
  }

  /** Silence at once; tells what was heard of the item that was cut. */
  flush(): Promise<Played | null> {
    this.number += 1;
    const number = this.number;
    return new Promise((resolve) => {
      const late = setTimeout(() => done(this.played), FLUSH_MILLISECONDS);
      const done = (played: Played | null) => {
        clearTimeout(late);
        this.flushes.delete(number);
        resolve(played);
      };
      this.flushes.set(number, done);
      this.send({ type: "flush", number });
    });
  }

  /** How loud, 0 to 100. A voice at half its loudness has about a quarter of its power. */
  volume(percent: number): void {
    const share = Math.min(Math.max(percent, 0), 100) / 100;
    this.gain.gain.setTargetAtTime(share * share, this.context.currentTime, 0.02);
  }

  close(): void {
    this.node.port.onmessage = null;
    this.node.disconnect();
    this.gain.disconnect();
    for (const done of [...this.flushes.values()]) done(this.played);
  }

  /** Samples given to the device are heard a little later: what is on its way does not count. */
  private heard(played: Played | null): Played | null {
    if (!played) return null;
    const latency = (this.context.outputLatency || 0) * 1000;
    return { ...played, milliseconds: Math.max(0, Math.floor(played.milliseconds - latency)) };
  }

  private send(command: PlaybackCommand, transfer: Transferable[] = []): void {
    this.node.port.postMessage(command, transfer);
  }
}
