import { describe, expect, it } from "vitest";
import { fromBase64, fromPcm16, level, toBase64, toPcm16 } from "../src/audio/pcm";

describe("PCM", () => {
  it("comes back from the wire as it went", () => {
    const samples = Float32Array.from([0, 0.5, -0.5, 1, -1]);
    const back = fromPcm16(fromBase64(toBase64(toPcm16(samples))));
    for (const [index, sample] of samples.entries()) expect(back[index]).toBeCloseTo(sample, 4);
  });

  it("is little-endian, and clips what is too loud", () => {
    expect([...toPcm16(Float32Array.from([2, -2]))]).toEqual([0xff, 0x7f, 0x01, 0x80]);
  });

  it("codes more bytes than a call takes arguments", () => {
    const bytes = Uint8Array.from({ length: 20_001 }, (_, index) => index % 251);
    expect(fromBase64(toBase64(bytes))).toEqual(bytes);
  });

  it("reads bytes that begin at an odd place of a larger buffer", () => {
    const bytes = Uint8Array.from([9, 0x00, 0x40]).subarray(1);
    expect(fromPcm16(bytes)[0]).toBeCloseTo(0.5, 4);
  });

  it("measures loudness between 0 and 1", () => {
    expect(level(new Float32Array(100))).toBe(0);
    expect(level(new Float32Array(100).fill(1))).toBe(1);
    expect(level(new Float32Array(0))).toBe(0);
  });
});
