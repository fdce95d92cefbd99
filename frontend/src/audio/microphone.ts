import type { Captured } from "./capture.worklet";
import captureUrl from "./capture.worklet.ts?worker&url";

/** Why there is no microphone, in a word the page has a sentence for. */
export type MicrophoneProblem = "insecure" | "denied" | "missing" | "busy" | "lost";

export class MicrophoneError extends Error {
  constructor(readonly problem: MicrophoneProblem) {
    super(problem);
  }
}

/**
 * Let the browser remove echo and noise, unless the address says `?processing=off`
 * (tests play a recording in as the microphone, and headphone users may want the plain sound).
 */
function constraints(): MediaTrackConstraints {
  const processing = new URLSearchParams(location.search).get("processing") !== "off";
  return {
    channelCount: 1,
    echoCancellation: processing,
    noiseSuppression: processing,
    autoGainControl: processing,
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
    onFrame: (frame: Captured) => void,
    onLost: () => void,
  ): Promise<Microphone> {
    const stream = await askForMicrophone();
    try {
      await context.audioWorklet.addModule(captureUrl);
    } catch (error) {
      stopTracks(stream);
      throw error;
    }
    const source = context.createMediaStreamSource(stream);
    const node = new AudioWorkletNode(context, "kaikou-capture", { numberOfOutputs: 0 });
    node.port.onmessage = (message: MessageEvent<Captured>) => onFrame(message.data);
    for (const track of stream.getTracks()) track.addEventListener("ended", onLost);
    source.connect(node);
    return new Microphone(stream, source, node);
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

async function askForMicrophone(): Promise<MediaStream> {
  // Browsers hide the microphone from pages that came over plain http from another machine.
  if (!navigator.mediaDevices) throw new MicrophoneError("insecure");
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: constraints() });
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    if (name === "NotAllowedError" || name === "SecurityError") throw new MicrophoneError("denied");
    if (name === "NotFoundError" || name === "OverconstrainedError") {
      throw new MicrophoneError("missing");
    }
    if (name === "NotReadableError" || name === "AbortError") throw new MicrophoneError("busy");
    throw error;
  }
}

function stopTracks(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
