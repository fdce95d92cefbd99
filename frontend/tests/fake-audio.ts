import { vi } from "vitest";

/** The sound of a browser, as far as the page can tell: one microphone, one context, worklets that answer. */
export class FakeAudio {
  tracks: FakeTrack[] = [];
  /** What goes wrong when it is asked for. */
  failing: "sink" | "node" | "recorder" | null = null;
  /** Worklets answer a flush. */
  answering = true;

  /** Every context, microphone and worklet from now on is of this. */
  install(): void {
    const audio = this;
    class Node {
      connect<T>(to: T): T {
        return to;
      }
      disconnect(): void {}
    }
    class Context extends EventTarget {
      state = "running";
      outputLatency = 0;
      audioWorklet = { addModule: async () => undefined };
      async resume() {}
      async close() {
        this.state = "closed";
      }
      async setSinkId() {
        if (audio.failing === "sink") throw new DOMException("no", "NotAllowedError");
      }
      createMediaStreamSource() {
        return new Node();
      }
    }
    class WorkletNode extends Node {
      port = {
        onmessage: null as ((message: { data: unknown }) => void) | null,
        postMessage: (command: { type: string; number: number }) => {
          if (command.type !== "flush" || !audio.answering) return;
          const data = { type: "flushed", number: command.number, played: null };
          queueMicrotask(() => this.port.onmessage?.({ data }));
        },
      };
      constructor(_context: unknown, name: string) {
        super();
        if (audio.failing === "node" && name === "kaikou-capture") {
          throw new DOMException("closed", "InvalidStateError");
        }
      }
    }
    class Recorder {
      constructor() {
        if (audio.failing === "recorder") throw new DOMException("no", "NotSupportedError");
      }
      start(): void {}
    }
    const mediaDevices = Object.assign(new EventTarget(), {
      enumerateDevices: async () => [],
      getUserMedia: async () => {
        const track = new FakeTrack();
        this.tracks.push(track);
        return { getTracks: () => [track], getAudioTracks: () => [track] };
      },
    });
    vi.stubGlobal("AudioContext", Context);
    vi.stubGlobal("AudioWorkletNode", WorkletNode);
    vi.stubGlobal("GainNode", Node);
    vi.stubGlobal("MediaRecorder", Recorder);
    vi.stubGlobal("navigator", { mediaDevices });
    vi.stubGlobal("document", new EventTarget());
    vi.stubGlobal("location", { search: "", href: "https://here/" });
  }

  /** How many microphones are open. */
  get open(): number {
    return this.tracks.filter((track) => !track.stopped).length;
  }
}

class FakeTrack extends EventTarget {
  stopped = false;
  enabled = true;
  stop(): void {
    this.stopped = true;
  }
  getSettings(): object {
    return { deviceId: "one" };
  }
}
