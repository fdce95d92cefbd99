/** How much of one spoken item has left the speaker. */
export interface Played {
  item: string;
  milliseconds: number;
}

interface Piece {
  item: string;
  samples: Float32Array;
}

/** Length of the fade that keeps a cut from clicking. */
const FADE_SECONDS = 0.006;

/**
 * What is to be played and how much of it was: the arithmetic of the playback worklet.
 *
 * Counts only samples really given to the device, item by item, so that an interruption can be
 * told to the server to the millisecond. Blocks may have any length.
 */
export class PlaybackQueue {
  private pieces: Piece[] = [];
  private offset = 0;
  private tail: Float32Array = new Float32Array(0);
  private current: string | null = null;
  private count = 0;
  private held = false;

  /** @param rate of the samples pushed and read, in Hz */
  constructor(private readonly rate: number) {}

  /** Samples waiting to be played. */
  get waiting(): number {
    return this.pieces.reduce((sum, piece) => sum + piece.samples.length, 0) - this.offset;
  }

  /** The item last heard and how much of it; null before the first sound. */
  get played(): Played | null {
    if (this.current === null) return null;
    return { item: this.current, milliseconds: (this.count / this.rate) * 1000 };
  }

  push(item: string, samples: Float32Array): void {
    if (samples.length > 0) this.pieces.push({ item, samples });
  }

  /** Fill `output`; silence where nothing waits or playback is held. True if anything was heard. */
  read(output: Float32Array): boolean {
    let filled = this.readTail(output);
    while (!this.held && filled < output.length) {
      const piece = this.pieces[0];
      if (!piece) break;
      if (piece.item !== this.current) {
        this.current = piece.item;
        this.count = 0;
      }
      const end = Math.min(piece.samples.length, this.offset + output.length - filled);
      output.set(piece.samples.subarray(this.offset, end), filled);
      filled += end - this.offset;
      this.count += end - this.offset;
      this.offset = end;
      if (end === piece.samples.length) {
        this.pieces.shift();
        this.offset = 0;
      }
    }
    output.fill(0, filled);
    return filled > 0;
  }

  /** Hold the breath: nothing is lost, the count stands still. */
  hold(): void {
    if (!this.held) this.tail = this.fadeOut();
    this.held = true;
  }

  /** Go on where `hold` stopped. */
  release(): void {
    this.held = false;
  }

  /** Drop what waits; tells how much of the item then playing was heard. */
  flush(): Played | null {
    if (!this.held) this.tail = this.fadeOut();
    const played = this.played;
    this.pieces = [];
    this.offset = 0;
    this.held = false;
    return played;
  }

  /** The next few samples, falling to silence. They are heard but not counted: a repeat of 6 ms
   * after a hold is inaudible, a lost syllable would not be. */
  private fadeOut(): Float32Array {
    const piece = this.pieces[0];
    if (!piece) return new Float32Array(0);
    const length = Math.round(this.rate * FADE_SECONDS);
    const next = piece.samples.slice(this.offset, this.offset + length);
    return next.map((sample, index) => sample * (1 - index / next.length));
  }

  private readTail(output: Float32Array): number {
    const length = Math.min(this.tail.length, output.length);
    output.set(this.tail.subarray(0, length));
    this.tail = this.tail.subarray(length);
    return length;
  }
}
