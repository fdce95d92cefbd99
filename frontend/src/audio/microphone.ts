import type { Captured } from "./capture.worklet";
import captureUrl from "./capture.worklet.ts?worker&url";

/** Why there is no microphone, in a word the page has a sentence for. */
export type MicrophoneProblem = "insecure" | "denied" | "missing" | "busy" | "lost";

export class MicrophoneError extends Error {
  constructor(readonly problem: MicrophoneProblem) {
    super(problem);
  }
}

/** Which microphone, and what the browser is to do to its sound. */
export interface MicrophoneWishes {
  /** A device id; empty means the system's own choice. */
  microphone: string;
  echoCancellation: boolean;
  noiseSuppression: boolean;
  autoGainControl: boolean;
}

/** The address may say `?processing=off`: tests play a recording in as the microphone. */
function constraints(wishes: MicrophoneWishes): MediaTrackConstraints {
  const processing = new URLSearchParams(location.search).get("processing") !== "off";
  return {
    channelCount: 1,
    echoCancellation: processing && wishes.echoCancellation,
    noiseSuppression: processing && wishes.noiseSuppression,
    autoGainControl: processing && wishes.autoGainControl,
    ...(wishes.microphone ? { deviceId: { exact: wishes.microphone } } : {}),
  };
}

/** The user's microphone: frames of the wire while it is open, nothing once it is closed. */
export class Microphone {
  private constructor(
    private readonly stream: MediaStream,
    private readonly source: MediaStreamAudioSourceNode,
    private readonly node: AudioWorkletNode,
  ) {}

  /** Asks for permission and begins to capture. Throws MicrophoneError.
   * @param onLost the device was unplugged or taken away */
  static async open(
    context: AudioContext,
    wishes: MicrophoneWishes,
    onFrame: (frame: Captured) => void,
    onLost: () => void,
  ): Promise<Microphone> {
    const stream = await askForMicrophone(wishes);
    try {
      await context.audioWorklet.addModule(captureUrl);
      const source = context.createMediaStreamSource(stream);
      const node = new AudioWorkletNode(context, "kaikou-capture", { numberOfOutputs: 0 });
      node.port.onmessage = (message: MessageEvent<Captured>) => onFrame(message.data);
      for (const track of stream.getTracks()) track.addEventListener("ended", onLost);
      source.connect(node);
      return new Microphone(stream, source, node);
    } catch (error) {
      // Hung up while the browser asked, perhaps: the device must not stay open.
      stopTracks(stream);
      throw error;
    }
  }

  /** Id of the device that is really open. */
  get device(): string {
    return this.stream.getAudioTracks()[0]?.getSettings().deviceId ?? "";
  }

  /** The browser says that it leaves the agent's voice in the sound; one that says nothing takes it out. */
  get hearsSpeaker(): boolean {
    return this.stream.getAudioTracks()[0]?.getSettings().echoCancellation === false;
  }

  /** Silence instead of sound, while the device stays open. */
  set muted(muted: boolean) {
    for (const track of this.stream.getTracks()) track.enabled = !muted;
  }

  /** Gives the device back: the browser's recording light goes out. */
  close(): void {
    this.node.port.onmessage = null;
    this.source.disconnect();
    stopTracks(this.stream);
  }
}

/** The wished-for device, or the system's own where that one is not plugged in. */
export async function askForMicrophone(wishes: MicrophoneWishes): Promise<MediaStream> {
  // Browsers hide the microphone from pages that came over plain http from another machine.
  if (!navigator.mediaDevices) throw new MicrophoneError("insecure");
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: constraints(wishes) });
  } catch (error) {
    const problem = problemOf(error);
    if (problem === "missing" && wishes.microphone) {
      return askForMicrophone({ ...wishes, microphone: "" });
    }
    throw problem ? new MicrophoneError(problem) : error;
  }
}

function problemOf(error: unknown): MicrophoneProblem | null {
  switch (error instanceof DOMException ? error.name : "") {
    case "NotAllowedError":
    case "SecurityError":
      return "denied";
    case "NotFoundError":
    case "OverconstrainedError":
      return "missing";
    case "NotReadableError":
    case "AbortError":
      return "busy";
    default:
      return null;
  }
}

export function stopTracks(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
