import type { Voice } from "./voices";

/** Voices of one language. */
export interface VoiceGroup {
  /** Their first language. */
  code: string;
  voices: Voice[];
}

const FAR = 99;

/** Voices by their first language: the reader's own language first, then the largest groups. */
export function byLanguage(voices: Voice[], reader: string): VoiceGroup[] {
  const groups = new Map<string, Voice[]>();
  for (const voice of voices) {
    const code = voice.languages[0] ?? "";
    groups.set(code, [...(groups.get(code) ?? []), voice]);
  }
  const rank = (code: string) => (code.split("-")[0] === reader ? 0 : 1);
  return [...groups]
    .map(([code, some]) => ({ code, voices: some }))
    .sort(
      (a, b) =>
        rank(a.code) - rank(b.code) || accents(a) - accents(b) || b.voices.length - a.voices.length,
    );
}

/** Foreign timbres come after a language's own voices. */
function accents({ voices }: VoiceGroup): number {
  return voices.every(isAccent) ? FAR : 0;
}

/** A timbre of one language that speaks another. */
export function isAccent({ kind, description }: Voice): boolean {
  return kind === "packaged" && / timbre that speaks /.test(description);
}

/** What a packaged voice's description adds to its language and gender. */
export function remark({ kind, description }: Voice): string {
  if (kind !== "packaged") return description;
  return description.replace(/^[^.]*, (female|male|neutral)\.\s*/, "");
}
