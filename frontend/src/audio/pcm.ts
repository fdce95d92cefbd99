/** Sample rate of both directions on the wire, in Hz (the only one the Realtime API knows). */
export const WIRE_RATE = 24_000;

/** Float samples in -1..1 as little-endian 16-bit PCM; louder samples are clipped. */
export function toPcm16(samples: Float32Array): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(samples.length * 2));
  samples.forEach((sample, index) => {
    const clipped = Math.max(-1, Math.min(1, sample));
    view.setInt16(index * 2, Math.round(clipped * 32_767), true);
  });
  return new Uint8Array(view.buffer);
}

/** Little-endian 16-bit PCM as float samples in -1..1. */
export function fromPcm16(bytes: Uint8Array): Float32Array<ArrayBuffer> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const samples = new Float32Array(bytes.byteLength >> 1);
  for (let index = 0; index < samples.length; index++) {
    samples[index] = view.getInt16(index * 2, true) / 32_768;
  }
  return samples;
}

/** Arguments that any browser's calls take at once. */
const MOST_ARGUMENTS = 8_192;

/** Bytes as base64. Fifty times a second in a call, so no callback for each byte, here or back. */
export function toBase64(bytes: Uint8Array): string {
  let letters = "";
  for (let from = 0; from < bytes.length; from += MOST_ARGUMENTS) {
    letters += String.fromCharCode(...bytes.subarray(from, from + MOST_ARGUMENTS));
  }
  return btoa(letters);
}

/** Base64 as bytes. Throws DOMException where it is not base64. */
export function fromBase64(text: string): Uint8Array {
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let index = 0; index < bytes.length; index++) bytes[index] = letters.charCodeAt(index);
  return bytes;
}

/** Loudness of a block as 0..1, where ordinary speech close to a microphone is around 0.5. */
export function level(samples: Float32Array): number {
  if (samples.length === 0) return 0;
  let power = 0;
  for (const sample of samples) power += sample * sample;
  const decibels = 10 * Math.log10(power / samples.length + 1e-10);
  return Math.max(0, Math.min(1, (decibels + 60) / 50));
}
