/** Zero crossings of the sinc kept on each side: 16 keeps aliases of speech below -60 dB. */
const LOBES = 16;
/** Kernel values per zero crossing; between them the table is read at the nearest entry. */
const RESOLUTION = 512;

/** Right half of a Hann-windowed sinc (J. O. Smith, "Digital Audio Resampling"). */
const KERNEL = Float32Array.from({ length: LOBES * RESOLUTION + 1 }, (_, index) => {
  const x = index / RESOLUTION;
  if (index === 0) return 1;
  const window = 0.5 + 0.5 * Math.cos((Math.PI * x) / LOBES);
  return (window * Math.sin(Math.PI * x)) / (Math.PI * x);
});

/**
 * Changes the sample rate of a stream, block by block, with no gap or click between blocks.
 *
 * Browsers differ in what rates a microphone and an AudioContext may have together, so the page
 * keeps the device's own rate and converts in the worklets.
 */
export class Resampler {
  private readonly step: number;
  private readonly cutoff: number;
  private readonly reach: number;
  private held: Float32Array;
  /** Where the next output sample lies, in input samples from the start of `held`. */
  private position: number;

  /** @param from rate of the input in Hz  @param to rate of the output in Hz */
  constructor(
    readonly from: number,
    readonly to: number,
  ) {
    this.step = from / to;
    this.cutoff = Math.min(1, to / from);
    this.reach = from === to ? 0 : Math.ceil(LOBES / this.cutoff);
    this.held = new Float32Array(this.reach);
    this.position = this.reach;
  }

  /** Mono samples in, as many converted samples out as can be computed so far. */
  push(input: Float32Array): Float32Array {
    if (this.from === this.to) return input.slice();
    const samples = new Float32Array(this.held.length + input.length);
    samples.set(this.held);
    samples.set(input, this.held.length);
    const count = Math.max(0, Math.ceil((samples.length - this.reach - this.position) / this.step));
    const output = new Float32Array(count);
    for (let index = 0; index < count; index++) {
      output[index] = this.at(samples, this.position + index * this.step);
    }
    const next = this.position + count * this.step;
    const dropped = Math.max(0, Math.floor(next) - this.reach);
    this.held = samples.slice(dropped);
    this.position = next - dropped;
    return output;
  }

  /** The last samples, which were waiting for what comes after them. The stream may then go on. */
  drain(): Float32Array {
    return this.push(new Float32Array(this.reach));
  }

  private at(samples: Float32Array, position: number): number {
    const first = Math.max(0, Math.ceil(position - this.reach));
    const last = Math.min(samples.length - 1, Math.floor(position + this.reach));
    let sum = 0;
    for (let index = first; index <= last; index++) {
      const distance = Math.abs(index - position) * this.cutoff;
      const entry = Math.round(distance * RESOLUTION);
      sum += (samples[index] ?? 0) * (KERNEL[entry] ?? 0);
    }
    return sum * this.cutoff;
  }
}
