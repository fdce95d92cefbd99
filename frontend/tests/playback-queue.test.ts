import { describe, expect, it } from "vitest";
import { PlaybackQueue } from "../src/audio/playback-queue";

const RATE = 1_000;

function ones(length: number): Float32Array {
  return new Float32Array(length).fill(1);
}

function read(queue: PlaybackQueue, length: number): Float32Array {
  const output = new Float32Array(length).fill(9);
  queue.read(output);
  return output;
}

describe("PlaybackQueue", () => {
  it("counts what was played of each item, whatever the block size", () => {
    const queue = new PlaybackQueue(RATE);
    queue.push("a", ones(250));
    queue.push("b", ones(100));
    expect(queue.played).toBeNull();
    for (const size of [1, 127, 72]) read(queue, size);
    expect(queue.played).toEqual({ item: "a", milliseconds: 200 });
    read(queue, 80);
    expect(queue.played).toEqual({ item: "b", milliseconds: 30 });
    expect(queue.waiting).toBe(70);
  });

  it("plays silence where nothing waits, and does not count it", () => {
    const queue = new PlaybackQueue(RATE);
    queue.push("a", ones(3));
    expect([...read(queue, 5)]).toEqual([1, 1, 1, 0, 0]);
    expect(queue.played?.milliseconds).toBe(3);
    expect(queue.read(new Float32Array(5))).toBe(false);
    expect(queue.played?.milliseconds).toBe(3);
  });

  it("goes on counting when the same item's sound arrives late", () => {
    const queue = new PlaybackQueue(RATE);
    queue.push("a", ones(10));
    read(queue, 20);
    queue.push("a", ones(10));
    read(queue, 5);
    expect(queue.played).toEqual({ item: "a", milliseconds: 15 });
  });

  it("is silent after a flush, and tells what was heard", () => {
    const queue = new PlaybackQueue(RATE);
    queue.push("a", ones(100));
    read(queue, 40);
    expect(queue.flush()).toEqual({ item: "a", milliseconds: 40 });
    expect(queue.waiting).toBe(0);
    const after = read(queue, 50);
    // Six milliseconds of falling sound instead of a click, then nothing.
    expect(after[0]).toBe(1);
    expect(after[5]).toBeLessThan(0.2);
    expect([...after.slice(6)].every((sample) => sample === 0)).toBe(true);
    expect(queue.played).toEqual({ item: "a", milliseconds: 40 });
  });

  it("holds without losing or counting anything, and goes on", () => {
    const queue = new PlaybackQueue(RATE);
    queue.push("a", ones(100));
    read(queue, 10);
    queue.hold();
    read(queue, 500);
    expect(queue.played?.milliseconds).toBe(10);
    expect(queue.waiting).toBe(90);
    queue.release();
    read(queue, 90);
    expect(queue.played?.milliseconds).toBe(100);
  });

  it("plays a new reply after a flush, even one that was held", () => {
    const queue = new PlaybackQueue(RATE);
    queue.push("a", ones(100));
    read(queue, 10);
    queue.hold();
    read(queue, 50);
    queue.flush();
    queue.push("b", ones(20));
    expect([...read(queue, 20)].every((sample) => sample === 1)).toBe(true);
    expect(queue.played).toEqual({ item: "b", milliseconds: 20 });
  });

  it("has nothing to tell before the first sound", () => {
    expect(new PlaybackQueue(RATE).flush()).toBeNull();
  });
});
