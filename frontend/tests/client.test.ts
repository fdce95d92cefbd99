import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Connection, RealtimeClient } from "../src/realtime/client";
import type { ServerEvent } from "../src/realtime/events";
import { FakeSocket, socket } from "./fake-socket";

const updated = {
  type: "session.updated",
  event_id: "e1",
  session: { id: "s", kaikou: { conversation_id: "conv_1" } },
};

describe("RealtimeClient", () => {
  let connections: Connection[];
  let events: ServerEvent[];
  let client: RealtimeClient;

  beforeEach(() => {
    vi.useFakeTimers();
    FakeSocket.install();
    connections = [];
    events = [];
    client = new RealtimeClient({
      url: (conversation) => `ws://here/v1/realtime?conversation=${conversation ?? ""}`,
      session: { wanted: true },
      conversationId: null,
      onEvent: (event) => events.push(event),
      onConnection: (connection) => connections.push(connection),
      heard: async () => 1234,
    });
    client.connect();
  });

  afterEach(() => {
    client.stop();
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  function goLive(): FakeSocket {
    const first = socket(0);
    first.say({ type: "session.created", event_id: "e0", session: { id: "s" } });
    first.say(updated);
    return first;
  }

  it("sends nothing before the session is there, then what it wants of it", () => {
    expect(client.send({ type: "response.create" })).toBe(false);
    const first = goLive();
    expect(first.sent).toEqual([{ type: "session.update", session: { wanted: true } }]);
    expect(connections).toEqual([
      { state: "connecting", full: false },
      { state: "live", conversationId: "conv_1" },
    ]);
  });

  it("resumes after a drop: same conversation, last event, what was heard", async () => {
    const first = goLive();
    first.say({ type: "response.created", event_id: "e7", response: { id: "r" } });
    first.drop(1006);
    expect(connections.at(-1)).toEqual({ state: "reconnecting" });
    expect(client.send({ type: "response.create" })).toBe(false);
    await vi.advanceTimersByTimeAsync(300);
    const second = socket(1);
    expect(second.url).toContain("conv_1");
    second.say({ type: "session.created", event_id: "e8", session: { id: "s" } });
    await vi.advanceTimersByTimeAsync(0);
    expect(second.sent).toEqual([
      {
        type: "kaikou.resume",
        conversation_id: "conv_1",
        last_event_id: "e7",
        played_ms: 1234,
      },
    ]);
    expect(connections.at(-1)).toEqual({ state: "live", conversationId: "conv_1" });
    expect(client.send({ type: "response.cancel" })).toBe(true);
  });

  it("goes on in a new session where the server has forgotten the old one", async () => {
    goLive().drop(1006);
    await vi.advanceTimersByTimeAsync(300);
    const second = socket(1);
    second.say({ type: "session.created", event_id: "x0", session: { id: "t" } });
    await vi.advanceTimersByTimeAsync(0);
    second.say({ type: "error", event_id: "x1", error: { code: "resume_not_found", message: "" } });
    expect(second.sent.at(-1)).toEqual({ type: "session.update", session: { wanted: true } });
    expect(events.some((event) => event.type === "error")).toBe(false);
  });

  it("waits longer between tries, and gives up after a minute", async () => {
    goLive().drop(1006);
    for (let tries = 1; tries < 40 && connections.at(-1)?.state !== "ended"; tries++) {
      await vi.advanceTimersByTimeAsync(5_000);
      FakeSocket.all.at(-1)?.drop(1006);
    }
    expect(connections.at(-1)).toEqual({ state: "ended", code: 1006, error: null });
    expect(FakeSocket.all.length).toBeLessThan(16);
    const tried = FakeSocket.all.length;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(FakeSocket.all.length).toBe(tried);
  });

  it("asks again where all lines are busy, and tells it in the end", async () => {
    const error = { code: "session_limit_reached", message: "All lines are busy." };
    for (let tries = 0; tries < 6; tries++) {
      FakeSocket.all.at(-1)?.say({ type: "error", event_id: "e0", error });
      FakeSocket.all.at(-1)?.drop(1013);
      await vi.advanceTimersByTimeAsync(2_000);
    }
    expect(FakeSocket.all).toHaveLength(6);
    const waiting = Array.from({ length: 5 }, () => ({ state: "connecting", full: true }));
    expect(connections).toEqual([
      { state: "connecting", full: false },
      ...waiting,
      { state: "ended", code: 1013, error },
    ]);
    expect(events).toHaveLength(0);
  });

  it("tells at once why it was refused for good", () => {
    const error = { code: "agent_not_found", message: "There is no such agent." };
    socket(0).say({ type: "error", event_id: "e0", error });
    socket(0).drop(1008);
    expect(connections.at(-1)).toEqual({ state: "ended", code: 1008, error });
  });

  it("waits for a conversation that the chat is just letting go", async () => {
    const first = socket(0);
    const error = { code: "conversation_in_use", message: "" };
    first.say({ type: "error", event_id: "e0", error });
    first.drop(1008);
    await vi.advanceTimersByTimeAsync(300);
    const second = socket(1);
    second.say({ type: "session.created", event_id: "e0", session: { id: "s" } });
    second.say(updated);
    expect(connections.at(-1)?.state).toBe("live");
    expect(events.some((event) => event.type === "error")).toBe(false);
  });

  it("leaves the conversation to the window that took it over", () => {
    goLive().drop(4001);
    expect(connections.at(-1)).toMatchObject({ state: "ended", code: 4001 });
    expect(FakeSocket.all).toHaveLength(1);
  });

  it("drops sound rather than sending it late", () => {
    const first = goLive();
    client.sendAudio("AAAA");
    first.bufferedAmount = 10_000_000;
    client.sendAudio("BBBB");
    expect(first.sent.map((event) => event.audio).filter(Boolean)).toEqual(["AAAA"]);
  });

  it("hangs up for good", async () => {
    const first = goLive();
    client.stop();
    expect(first.closedWith).toBe(1000);
    first.drop(1000);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(FakeSocket.all).toHaveLength(1);
    expect(connections.at(-1)?.state).toBe("live");
  });
});
