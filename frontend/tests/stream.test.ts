import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { followServer } from "../src/server/stream";

/** A stream, as far as the page can tell. */
class FakeSource extends EventTarget {
  static readonly CLOSED = 2;
  static all: FakeSource[] = [];
  readyState = 1;
  constructor(readonly url: string) {
    super();
    FakeSource.all.push(this);
  }
  close(): void {
    this.readyState = FakeSource.CLOSED;
  }
  tell(kind: string): void {
    this.dispatchEvent(new Event(kind));
  }
}

const page = Object.assign(new EventTarget(), { visibilityState: "visible" });

function look(state: "visible" | "hidden"): void {
  page.visibilityState = state;
  page.dispatchEvent(new Event("visibilitychange"));
}

const open = () => FakeSource.all.filter((one) => one.readyState !== FakeSource.CLOSED).length;

beforeEach(() => {
  vi.useFakeTimers();
  FakeSource.all = [];
  page.visibilityState = "visible";
  vi.stubGlobal("EventSource", FakeSource);
  vi.stubGlobal("document", page);
  vi.stubGlobal("window", new EventTarget());
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

it("is one for all parts of the page", () => {
  const first = vi.fn();
  const second = vi.fn();
  const stops = [followServer({ engines: first }), followServer({ engines: second })];
  expect(FakeSource.all.map((one) => one.url)).toEqual(["/api/events"]);
  FakeSource.all[0]?.tell("engines");
  FakeSource.all[0]?.tell("agents");
  expect(first).toHaveBeenCalledTimes(1);
  expect(second).toHaveBeenCalledTimes(1);
  stops[0]?.();
  expect(open()).toBe(1);
  stops[1]?.();
  expect(open()).toBe(0);
});

it("is let go while nobody looks, and begun anew after", () => {
  const state = vi.fn();
  const stop = followServer({ state });
  look("hidden");
  expect(open()).toBe(0);
  look("visible");
  expect(open()).toBe(1);
  FakeSource.all[1]?.tell("state");
  expect(state).toHaveBeenCalledTimes(1);
  window.dispatchEvent(new Event("pagehide"));
  expect(open()).toBe(0);
  window.dispatchEvent(new Event("pageshow"));
  expect(open()).toBe(1);
  stop();
  look("visible");
  expect(open()).toBe(0);
});

it("is not opened by a page that opens behind another", () => {
  page.visibilityState = "hidden";
  const stop = followServer({});
  expect(FakeSource.all).toHaveLength(0);
  look("visible");
  expect(open()).toBe(1);
  stop();
});

it("comes back from an answer after which browsers give up", () => {
  const error = vi.fn();
  const stop = followServer({ error });
  const refused = FakeSource.all[0];
  refused?.close();
  refused?.tell("error");
  expect(error).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(5_000);
  expect(open()).toBe(1);
  // A lost line comes back by the browser's own doing.
  FakeSource.all[1]?.tell("error");
  vi.advanceTimersByTime(60_000);
  expect(FakeSource.all).toHaveLength(2);
  stop();
});
