import { useSyncExternalStore } from "react";

/** Who decides when the user has finished: the server by listening, or the user by letting go. */
export type Mode = "open" | "push";

/** How this browser likes its calls; kept for the next visit. */
export interface Preferences {
  mode: Mode;
  /** Device ids; empty means the system's own choice. */
  microphone: string;
  speaker: string;
  echoCancellation: boolean;
  noiseSuppression: boolean;
  autoGainControl: boolean;
  /** Single keys act during a call. */
  shortcuts: boolean;
  /** The whole transcript is shown beside the call. */
  transcript: boolean;
}

const REMEMBERED = "kaikou.call";

export const defaults: Preferences = {
  mode: "open",
  microphone: "",
  speaker: "",
  echoCancellation: true,
  noiseSuppression: true,
  autoGainControl: true,
  shortcuts: true,
  transcript: false,
};

/** What was kept, with the default for whatever is missing or of another kind. */
export function parsePreferences(kept: string | null): Preferences {
  let found: Record<string, unknown> = {};
  try {
    found = (JSON.parse(kept ?? "{}") ?? {}) as Record<string, unknown>;
  } catch {
    // Written by hand or by something else: the defaults are right.
  }
  const same = Object.entries(defaults).map(([name, value]) => {
    const fits = typeof found[name] === typeof value;
    return [name, fits ? found[name] : value];
  });
  const result = Object.fromEntries(same) as Preferences;
  return result.mode === "push" ? result : { ...result, mode: "open" };
}

let current: Preferences | null = null;
const listeners = new Set<() => void>();

export function preferences(): Preferences {
  current ??= parsePreferences(localStorage.getItem(REMEMBERED));
  return current;
}

export function prefer(change: Partial<Preferences>): void {
  current = { ...preferences(), ...change };
  localStorage.setItem(REMEMBERED, JSON.stringify(current));
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(subscribe, preferences);
}
