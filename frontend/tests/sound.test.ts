import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Recorder } from "../src/audio/recorder";
import { Sound } from "../src/audio/sound";
import { Call } from "../src/call/call";
import { draftOf } from "../src/chat/drafts";
import { CallStore } from "../src/conversation/store";
import { FakeAudio } from "./fake-audio";
import { FakeSocket, socket } from "./fake-socket";

const wishes = {
  microphone: "",
  speaker: "",
  echoCancellation: true,
  noiseSuppression: true,
  autoGainControl: true,
};
const handlers = { onFrame() {}, onProgress() {}, onMicrophone() {}, onLost() {} };

let audio: FakeAudio;

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.install();
  audio = new FakeAudio();
  audio.install();
  vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => undefined });
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("the microphone", () => {
  it.each(["sink", "node"] as const)(
    "is given back where the sound fails (%s)",
    async (failing) => {
      audio.failing = failing;
      await expect(Sound.open(new AudioContext(), wishes, handlers)).rejects.toThrow();
      expect(audio.tracks).toHaveLength(1);
      expect(audio.open).toBe(0);
    },
  );

  it("is given back where the browser cannot record", async () => {
    audio.failing = "recorder";
    await expect(Recorder.start(wishes)).rejects.toThrow();
    expect(audio.open).toBe(0);
  });

  it("is given back by a call that was hung up before it was open", async () => {
    const call = Call.start(new CallStore(), null);
    call.end();
    await vi.advanceTimersByTimeAsync(10);
    expect(audio.tracks).toHaveLength(1);
    expect(audio.open).toBe(0);
    expect(FakeSocket.all).toHaveLength(0);
  });
});

describe("a call", () => {
  it("that was left does not end the one after it", async () => {
    const store = new CallStore();
    const first = await goLive(store, 0);
    socket(0).say({ type: "kaikou.left", event_id: "e3" });
    socket(0).drop(1000);
    first.end();
    await goLive(store, 1);
    await vi.advanceTimersByTimeAsync(2000);
    expect(store.state.phase).toBe("live");
    expect(audio.open).toBe(1);
  });

  it("comes back after a drop though its speaker sleeps", async () => {
    const store = new CallStore();
    await goLive(store, 0);
    socket(0).say({
      type: "response.output_audio.delta",
      event_id: "e3",
      item_id: "i",
      delta: "AAA=",
    });
    audio.answering = false;
    socket(0).drop(1006);
    await vi.advanceTimersByTimeAsync(400);
    socket(1).say({ type: "session.created", event_id: "e4", session: { id: "s" } });
    await vi.advanceTimersByTimeAsync(2000);
    expect(socket(1).sent[0]).toMatchObject({ type: "kaikou.resume", last_event_id: "e3" });
    expect(store.state.phase).toBe("live");
  });
});

describe("what is written in a call", () => {
  const created = (index: number) =>
    socket(index).sent.filter((event) => event.type !== "session.update");
  const item = (text: string) =>
    expect.objectContaining({
      type: "conversation.item.create",
      item: expect.objectContaining({ content: [{ type: "input_text", text }] }),
    });

  it("waits for a connection that is not there yet", async () => {
    const store = new CallStore();
    const call = Call.start(store, null);
    void call.write("one");
    void call.write("two");
    await vi.advanceTimersByTimeAsync(10);
    expect(store.state.conversation.lines.map((line) => line.text)).toEqual(["one", "two"]);
    live(store, 0);
    expect(created(0)).toEqual([item("one"), item("two"), { type: "response.create" }]);
  });

  it("waits for a connection that was lost", async () => {
    const store = new CallStore();
    const call = await goLive(store, 0);
    socket(0).drop(1006);
    await call.write("still here");
    await vi.advanceTimersByTimeAsync(400);
    socket(1).say({ type: "session.created", event_id: "e4", session: { id: "s" } });
    await vi.advanceTimersByTimeAsync(2000);
    const [resume, ...rest] = created(1);
    expect(resume).toMatchObject({ type: "kaikou.resume" });
    expect(rest).toEqual([item("still here"), { type: "response.create" }]);
  });

  it("goes back to the field where the call ends before", async () => {
    let kept = "";
    vi.stubGlobal("localStorage", {
      getItem: () => kept || null,
      setItem: (_name: string, text: string) => {
        kept = text;
      },
    });
    const store = new CallStore();
    const call = Call.start(store, null);
    await call.write("too early");
    call.end();
    expect(store.state.conversation.lines).toEqual([]);
    expect(store.state.conversation.unsent).toEqual([]);
    expect(draftOf(null)).toBe("too early");
  });
});

async function goLive(store: CallStore, index: number): Promise<Call> {
  const call = Call.start(store, null);
  await vi.advanceTimersByTimeAsync(10);
  expect(store.state.problem).toBeNull();
  live(store, index);
  return call;
}

function live(store: CallStore, index: number): void {
  const session = { id: "s", kaikou: { conversation_id: "conv_1" } };
  socket(index).say({ type: "session.created", event_id: "e1", session });
  socket(index).say({ type: "session.updated", event_id: "e2", session });
  expect(store.state.phase).toBe("live");
}
