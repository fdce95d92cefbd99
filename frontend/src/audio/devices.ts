import { useEffect, useState } from "react";

export interface Device {
  id: string;
  label: string;
}

export interface Devices {
  microphones: Device[];
  speakers: Device[];
}

const NONE: Devices = { microphones: [], speakers: [] };
/** Chrome lists the system's choice once more under these names. */
const ALIASES = new Set(["", "default", "communications"]);

/** What is plugged in. Browsers tell names only to pages that were given a microphone. */
export async function listDevices(): Promise<Devices> {
  if (!navigator.mediaDevices) return NONE;
  const all = await navigator.mediaDevices.enumerateDevices();
  const of = (kind: MediaDeviceKind) =>
    all
      .filter((device) => device.kind === kind && !ALIASES.has(device.deviceId))
      .map(({ deviceId, label }) => ({ id: deviceId, label }));
  return { microphones: of("audioinput"), speakers: of("audiooutput") };
}

/** Calls back whenever something is plugged in or taken away. Returns what stops it. */
export function watchDevices(onChange: () => void): () => void {
  const { mediaDevices } = navigator;
  mediaDevices?.addEventListener("devicechange", onChange);
  return () => mediaDevices?.removeEventListener("devicechange", onChange);
}

/** The devices, kept up to date. `asked` changes when a permission may have been given. */
export function useDevices(asked: unknown): Devices {
  const [devices, setDevices] = useState(NONE);
  // biome-ignore lint/correctness/useExhaustiveDependencies: names appear with the permission
  useEffect(() => {
    let stopped = false;
    const look = () =>
      void listDevices().then(
        (found) => !stopped && setDevices(found),
        () => !stopped && setDevices(NONE),
      );
    look();
    const unwatch = watchDevices(look);
    return () => {
      stopped = true;
      unwatch();
    };
  }, [asked]);
  return devices;
}

/** May a page choose the loudspeaker? (Firefox and Safari leave it to the system.) */
export function canChooseSpeaker(): boolean {
  return typeof AudioContext !== "undefined" && "setSinkId" in AudioContext.prototype;
}

/** Send a context's sound to a speaker; the system's own where that one is gone. */
export async function chooseSink(context: AudioContext, speaker: string): Promise<void> {
  const choose = (context as AudioContext & { setSinkId?: (id: string) => Promise<void> })
    .setSinkId;
  if (!choose || context.state === "closed") return;
  try {
    await choose.call(context, speaker);
  } catch (error) {
    const gone = error instanceof DOMException && error.name === "NotFoundError";
    if (!gone || speaker === "") throw error;
    await choose.call(context, "");
  }
}
