import { useEffect, useState, useSyncExternalStore } from "react";
import { ServerError } from "../server/http";

/** What can be heard: a voice of the library, or a mixture that is not saved yet. */
export type Sample =
  | { voice: string; text?: string; language?: string }
  | { parts: Record<string, number>; text?: string; language?: string };

interface State {
  /** Which sample sounds or is being made; null when all is quiet. */
  key: string | null;
  phase: "quiet" | "making" | "playing";
  error: unknown;
}

/** Plays one sample at a time: a new one silences the one before. */
export class PreviewPlayer {
  state: State = { key: null, phase: "quiet", error: null };
  private readonly audio = new Audio();
  private readonly listeners = new Set<() => void>();
  private request: AbortController | null = null;
  private address: string | null = null;

  constructor() {
    this.audio.addEventListener("ended", () => this.stop());
  }

  /** Play it, or stop it where it is the one that sounds. `key` tells the samples of a page apart. */
  async toggle(key: string, sample: Sample): Promise<void> {
    const again = this.state.key === key;
    this.stop();
    if (again) return;
    const request = new AbortController();
    this.request = request;
    this.update({ key, phase: "making", error: null });
    try {
      const response = await fetch("/api/voices/preview", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(sample),
        signal: request.signal,
      });
      if (!response.ok) throw await problem(response);
      const sound = await response.blob();
      if (request.signal.aborted) return;
      this.address = URL.createObjectURL(sound);
      this.audio.src = this.address;
      await this.audio.play();
      this.update({ key, phase: "playing", error: null });
    } catch (error) {
      if (request.signal.aborted) return;
      this.stop();
      this.update({ key: null, phase: "quiet", error });
    }
  }

  stop(): void {
    this.request?.abort();
    this.audio.pause();
    // Let go of the sound before its address is withdrawn, or the browser reports a missing file.
    this.audio.removeAttribute("src");
    this.audio.load();
    if (this.address) URL.revokeObjectURL(this.address);
    this.address = null;
    this.update({ key: null, phase: "quiet", error: null });
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  private update(state: State): void {
    this.state = state;
    for (const listener of this.listeners) listener();
  }
}

async function problem(response: Response): Promise<ServerError> {
  const body = (await response.json().catch(() => ({}))) as Record<string, string | undefined>;
  return new ServerError(
    response.status,
    body.code ?? "failed",
    body.detail ?? body.message ?? "",
    body.hint ?? "",
  );
}

/** The page's player; silent once the page is left. */
export function usePreviews(): { player: PreviewPlayer; state: State } {
  const [player] = useState(() => new PreviewPlayer());
  const state = useSyncExternalStore(player.subscribe, () => player.state);
  useEffect(() => () => player.stop(), [player]);
  return { player, state };
}
