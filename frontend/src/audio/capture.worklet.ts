import { level, toPcm16, WIRE_RATE } from "./pcm";
import { Resampler } from "./resample";

/** What the worklet tells the page: 20 ms of PCM16 for the wire, and how loud it is. */
export interface Captured {
  pcm: Uint8Array<ArrayBuffer>;
  level: number;
}

const FRAME = WIRE_RATE / 50;

/** Microphone samples at the device's rate -> frames of the wire. */
class Capture extends AudioWorkletProcessor {
  private readonly resampler = new Resampler(sampleRate, WIRE_RATE);
  private frame = new Float32Array(FRAME);
  private filled = 0;

  process(inputs: Float32Array[][]): boolean {
    const channel = inputs[0]?.[0];
    if (!channel) return true;
    let samples = this.resampler.push(channel);
    while (samples.length > 0) {
      const taken = samples.subarray(0, FRAME - this.filled);
      this.frame.set(taken, this.filled);
      this.filled += taken.length;
      samples = samples.subarray(taken.length);
      if (this.filled === FRAME) this.send();
    }
    return true;
  }

  private send(): void {
    const captured: Captured = { pcm: toPcm16(this.frame), level: level(this.frame) };
    this.port.postMessage(captured, [captured.pcm.buffer]);
    this.filled = 0;
  }
}

registerProcessor("kaikou-capture", Capture);
