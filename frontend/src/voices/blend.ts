import type { Voice } from "./voices";

/** One slider of the blend editor: a voice and its weight, 0 to 100. */
export interface Part {
  voice: string;
  weight: number;
}

/** The sliders to begin with: those of the blend, or the first two voices in equal parts. */
export function startingParts(blend: Voice | null, pure: Voice[]): Part[] {
  if (blend) {
    return Object.entries(blend.parts).map(([voice, share]) => ({
      voice,
      weight: Math.round(share * 100),
    }));
  }
  return pure.slice(0, 2).map(({ id }) => ({ voice: id, weight: 50 }));
}

/** Each part's share in whole percents, summing to 100 (the largest takes what rounding leaves). */
export function toShares(parts: Part[]): number[] {
  const total = parts.reduce((sum, part) => sum + part.weight, 0);
  if (total === 0) return parts.map(() => 0);
  const shares = parts.map((part) => Math.round((100 * part.weight) / total));
  const largest = shares.indexOf(Math.max(...shares));
  const missing = 100 - shares.reduce((sum, share) => sum + share, 0);
  return shares.map((share, at) => (at === largest ? share + missing : share));
}

/** Weights by voice as the server takes them; a voice chosen twice counts once, with both weights. */
export function blendOf(parts: Part[]): Record<string, number> {
  const weights: Record<string, number> = {};
  for (const { voice, weight } of parts) {
    if (weight > 0) weights[voice] = (weights[voice] ?? 0) + weight / 100;
  }
  return weights;
}
