/** Zero crossings of the sinc kept on each side: 16 keeps aliases of speech below -60 dB. */
const LOBES = 16;

/**
 * Changes the sample rate of a stream, block by block, with no gap or click between blocks.
 *
 * Browsers differ in what rates a microphone and an AudioContext may have together, so the page
 * keeps the device's own rate and converts in the worklets.
 *
 * Output samples lie between input samples in as many ways as the rates, shortened, say (48 kHz to
 * 24 kHz: one; 44.1 kHz to 24 kHz: eighty). The weights of each are reckoned once.
 */
export class Resampler {
  /** Output samples before they lie between input samples as at first; and how far one is from the
   * next, in parts of an input sample that are so many to a sample. */
  private readonly phases: number;
  private readonly step: number;
  private readonly cutoff: number;
  private readonly reach: number;
  private readonly weights: Float32Array[] = [];
  private held: Float32Array;
  /** Where the next output sample lies, in such parts from the start of `held`. */
  private position: number;

  /** @param from rate of the input in Hz  @param to rate of the output in Hz */
  constructor(
    readonly from: number,
    readonly to: number,
  ) {
    const shared = commonDivisor(from, to);
    this.phases = to / shared;
    this.step = from / shared;
    this.cutoff = Math.min(1, to / from);
    this.reach = from === to ? 0 : Math.ceil(LOBES / this.cutoff);
    this.held = new Float32Array(this.reach);
    this.position = this.reach * this.phases;
  }

  /** Mono samples in, as many converted samples out as can be computed so far. */
  push(input: Float32Array): Float32Array {
    if (this.from === this.to) return input.slice();
    const { phases, step, reach } = this;
    const samples = new Float32Array(this.held.length + input.length);
    samples.set(this.held);
    samples.set(input, this.held.length);
    const end = (samples.length - reach) * phases;
    const output = new Float32Array(Math.max(0, Math.ceil((end - this.position) / step)));
    let { position } = this;
    for (let index = 0; index < output.length; index++, position += step) {
      const before = Math.floor(position / phases);
      const weights = this.between(position - before * phases);
      const first = before - reach + 1;
      let sum = 0;
      for (let tap = 0; tap < weights.length; tap++) {
        sum += (samples[first + tap] ?? 0) * (weights[tap] ?? 0);
      }
      output[index] = sum;
    }
    const dropped = Math.max(0, Math.floor(position / phases) - reach);
    this.held = samples.slice(dropped);
    this.position = position - dropped * phases;
    return output;
  }

  /** The last samples, which were waiting for what comes after them. The stream may then go on. */
  drain(): Float32Array {
    return this.push(new Float32Array(this.reach));
  }

  /** What the input samples around count for an output sample so many parts after one of them, from
   * `reach - 1` before that one to `reach` after it. */
  private between(phase: number): Float32Array {
    const { reach, cutoff } = this;
    this.weights[phase] ??= Float32Array.from({ length: 2 * reach }, (_, tap) => {
      return cutoff * kernel((tap - reach + 1 - phase / this.phases) * cutoff);
    });
    return this.weights[phase];
  }
}

/** A Hann-windowed sinc (J. O. Smith, "Digital Audio Resampling"). */
function kernel(x: number): number {
  if (x === 0) return 1;
  if (Math.abs(x) >= LOBES) return 0;
  const window = 0.5 + 0.5 * Math.cos((Math.PI * x) / LOBES);
  return (window * Math.sin(Math.PI * x)) / (Math.PI * x);
}

function commonDivisor(one: number, other: number): number {
  return other === 0 ? one : commonDivisor(other, one % other);
}
