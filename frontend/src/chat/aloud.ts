/** The longest text that the server speaks as a sample (its `limits.preview_chars`), with room to spare. */
const LONGEST = 280;

/** What of a Markdown text is said, in portions short enough to be spoken one after the other. */
export function spokenParts(markdown: string): string[] {
  const sentences = new Intl.Segmenter(undefined, { granularity: "sentence" });
  const parts: string[] = [];
  for (const { segment } of sentences.segment(spokenText(markdown))) {
    for (const piece of pieces(segment)) {
      const last = parts.at(-1);
      if (last !== undefined && last.length + piece.length <= LONGEST)
        parts[parts.length - 1] += piece;
      else parts.push(piece);
    }
  }
  return parts.map((part) => part.trim()).filter(Boolean);
}

/** A sentence without an end is cut where it must be. */
function pieces(sentence: string): string[] {
  const found: string[] = [];
  for (let at = 0; at < sentence.length; at += LONGEST)
    found.push(sentence.slice(at, at + LONGEST));
  return found;
}

/** What of a Markdown text is said: nobody reads code or the marks of Markdown to somebody else. */
export function spokenText(markdown: string): string {
  return markdown
    .replace(/```[\s\S]*?(```|$)/g, "\n")
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/^\s*\|?[\s:|-]+\|[\s:|-]*$/gm, "")
    .replace(/^\s*(#{1,6}|>|[-*+]|\d+\.)\s+(\[[ xX]\]\s+)?/gm, "")
    .replace(/[*_~`|#]+/g, " ")
    .replace(/[ \t]+/g, " ");
}
