import { marked } from "./marked";

/** `text` with the words that were looked for marked. */
export function Highlighted({ text, query }: { text: string; query: string }) {
  return marked(text, query).map((piece) =>
    piece.hit ? <mark key={piece.at}>{piece.text}</mark> : piece.text,
  );
}
