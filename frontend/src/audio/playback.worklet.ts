import { level, WIRE_RATE } from "./pcm";
import { PlaybackQueue, type Played } from "./playback-queue";
import { Resampler } from "./resample";

/** What the page may ask of the worklet. `flush` is answered by `flushed` with the same number. */
export type PlaybackCommand =
  | { type: "audio"; item: string; samples: Float32Array<ArrayBuffer> }
  | { type: "end"; item: string }
  | { type: "hold" }
  | { type: "release" }
  | { type: "flush"; number: number };

/** What the worklet reports, 30 times a second while something plays and once when it stops. */
export type PlaybackReport =
  | { type: "progress"; playing: boolean; played: Played | null; level: number }
  | { type: "flushed"; number: number; played: Played | null };

const REPORTS_PER_SECOND = 30;

/** Frames of the wire -> the speaker, with an exact count of what was played. */
class Playback extends AudioWorkletProcessor {
  private readonly queue = new PlaybackQueue(sampleRate);
  private resampler = new Resampler(WIRE_RATE, sampleRate);
  private sinceReport = 0;
  private playing = false;

  constructor(options: AudioWorkletNodeOptions) {
    super(options);
    this.port.onmessage = (message: MessageEvent<PlaybackCommand>) => this.obey(message.data);
  }

  process(_inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const channels = outputs[0] ?? [];
    const first = channels[0];
    if (!first) return true;
    const heard = this.queue.read(first);
    for (const channel of channels.slice(1)) channel.set(first);
    this.sinceReport += first.length;
    if (heard !== this.playing || (heard && this.sinceReport > sampleRate / REPORTS_PER_SECOND)) {
      this.playing = heard;
      this.report(level(first));
    }
    return true;
  }

  private obey(command: PlaybackCommand): void {
    if (command.type === "audio") {
      this.queue.push(command.item, this.resampler.push(command.samples));
    } else if (command.type === "end") {
      this.queue.push(command.item, this.resampler.drain());
    } else if (command.type === "hold") {
      this.queue.hold();
    } else if (command.type === "release") {
      this.queue.release();
    } else {
      const played = this.queue.flush();
      this.resampler = new Resampler(WIRE_RATE, sampleRate);
      this.send({ type: "flushed", number: command.number, played });
    }
  }

  private report(loudness: number): void {
    this.sinceReport = 0;
    const playing = this.playing;
    this.send({ type: "progress", playing, played: this.queue.played, level: loudness });
  }

  private send(report: PlaybackReport): void {
    this.port.postMessage(report);
  }
}

registerProcessor("kaikou-playback", Playback);
