import type { Added } from "./knowledge";

/** A file on its way to a knowledge base. */
export interface Upload {
  id: number;
  baseId: string;
  file: File;
  state: "waiting" | "sending" | "failed";
  /** Share that is sent, 0 to 1. */
  share: number;
  error: unknown;
}

type Send = (
  baseId: string,
  file: File,
  options: { onProgress: (share: number) => void; signal: AbortSignal },
) => Promise<Added>;

/**
 * Files sent a few at a time, in their order, whatever page is shown. What is done leaves the line; what
 * failed stays in it until it is tried again or dismissed.
 */
export class UploadQueue {
  /** Told of each document that arrived. */
  onDone: (added: Added) => void = () => {};

  private line: readonly Upload[] = [];
  private readonly listeners = new Set<() => void>();
  private readonly stops = new Map<number, AbortController>();
  private count = 0;

  constructor(
    private readonly send: Send,
    private readonly atOnce = 2,
  ) {}

  /** As they stand; the same array until something changes. */
  get uploads(): readonly Upload[] {
    return this.line;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  add(baseId: string, files: Iterable<File>): void {
    const more = [...files].map((file): Upload => {
      this.count += 1;
      return { id: this.count, baseId, file, state: "waiting", share: 0, error: null };
    });
    this.become([...this.line, ...more]);
    this.next();
  }

  /** Stop it, or take a failed one out of the line. */
  cancel(id: number): void {
    this.stops.get(id)?.abort();
    this.become(this.line.filter((one) => one.id !== id));
    this.next();
  }

  retry(id: number): void {
    this.change(id, { state: "waiting", share: 0, error: null });
    this.next();
  }

  private next(): void {
    const free = this.atOnce - this.line.filter(({ state }) => state === "sending").length;
    const waiting = this.line.filter(({ state }) => state === "waiting");
    for (const one of waiting.slice(0, Math.max(0, free))) void this.carry(one);
  }

  private async carry({ id, baseId, file }: Upload): Promise<void> {
    const stop = new AbortController();
    this.stops.set(id, stop);
    this.change(id, { state: "sending" });
    try {
      const onProgress = (share: number) => this.change(id, { share });
      const added = await this.send(baseId, file, { onProgress, signal: stop.signal });
      this.become(this.line.filter((one) => one.id !== id));
      this.onDone(added);
    } catch (error) {
      this.change(id, { state: "failed", error });
    } finally {
      this.stops.delete(id);
      this.next();
    }
  }

  private change(id: number, values: Partial<Upload>): void {
    this.become(this.line.map((one) => (one.id === id ? { ...one, ...values } : one)));
  }

  private become(line: readonly Upload[]): void {
    this.line = line;
    for (const listener of this.listeners) listener();
  }
}
