import { describe, expect, it } from "vitest";
import { Resampler } from "../src/audio/resample";

function sine(frequency: number, rate: number, seconds: number): Float32Array {
  return Float32Array.from({ length: Math.round(rate * seconds) }, (_, index) =>
    Math.sin((2 * Math.PI * frequency * index) / rate),
  );
}

function inBlocks(resampler: Resampler, input: Float32Array, sizes: number[]): Float32Array {
  const output: number[] = [];
  for (let at = 0, turn = 0; at < input.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    output.push(...resampler.push(input.subarray(at, at + size)));
    at += size;
  }
  output.push(...resampler.drain());
  return Float32Array.from(output);
}

function power(samples: Float32Array): number {
  return samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
}

describe("Resampler", () => {
  it.each([
    [48_000, 24_000],
    [44_100, 24_000],
    [24_000, 48_000],
    [24_000, 44_100],
    [16_000, 24_000],
  ])("keeps a 440 Hz tone from %i Hz to %i Hz, whatever the block sizes", (from, to) => {
    const output = inBlocks(new Resampler(from, to), sine(440, from, 0.5), [128, 333, 1, 1024]);
    const expected = sine(440, to, 0.5);
    expect(Math.abs(output.length - expected.length)).toBeLessThan(2);
    // The edges ring: nothing is known before the first and after the last sample.
    const worst = expected.slice(200, -200).reduce((most, value, index) => {
      return Math.max(most, Math.abs(value - (output[index + 200] ?? 9)));
    }, 0);
    expect(worst).toBeLessThan(0.01);
  });

  it("removes what the lower rate cannot hold", () => {
    const output = inBlocks(new Resampler(48_000, 24_000), sine(15_000, 48_000, 0.2), [128]);
    expect(power(output.slice(200, -200))).toBeLessThan(1e-5);
  });

  it("gives the same stream in one block as in many", () => {
    const input = sine(300, 44_100, 0.1);
    const whole = inBlocks(new Resampler(44_100, 24_000), input, [input.length]);
    const pieces = inBlocks(new Resampler(44_100, 24_000), input, [7, 128, 441]);
    expect(pieces.length).toBe(whole.length);
    expect(
      Math.max(...whole.map((value, index) => Math.abs(value - (pieces[index] ?? 9)))),
    ).toBeLessThan(1e-6);
  });

  it("passes equal rates through untouched", () => {
    const input = sine(440, 24_000, 0.01);
    expect(new Resampler(24_000, 24_000).push(input)).toEqual(input);
  });
});
