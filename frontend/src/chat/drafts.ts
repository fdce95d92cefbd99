/** What was begun and not sent, by conversation, for the next visit. The oldest are forgotten. */

const REMEMBERED = "kaikou.drafts";
const KEPT = 50;
/** The conversation that has no id yet. */
const NEW = "new";

type Drafts = [conversation: string, text: string][];

export function draftOf(conversationId: string | null): string {
  const found = all().find(([id]) => id === (conversationId ?? NEW));
  return found?.[1] ?? "";
}

/** An empty text forgets the draft. */
export function keepDraft(conversationId: string | null, text: string): void {
  const id = conversationId ?? NEW;
  const others = all().filter(([other]) => other !== id);
  const drafts: Drafts = text.trim() === "" ? others : [...others, [id, text]];
  try {
    localStorage.setItem(REMEMBERED, JSON.stringify(drafts.slice(-KEPT)));
  } catch {
    // The browser's place is full, of texts as large as books: this one is not kept for the next visit.
  }
}

const readers = new Set<() => void>();

/** What was sent and refused, or never left, stands in the field again, before what is written there now. */
export function giveBackDraft(conversationId: string | null, texts: string[]): void {
  const together = [...texts, draftOf(conversationId)].filter(Boolean).join("\n\n");
  keepDraft(conversationId, together);
  for (const read of [...readers]) read();
}

/** Calls back when a text was given back, until the returned function is called. */
export function onDraftGivenBack(read: () => void): () => void {
  readers.add(read);
  return () => void readers.delete(read);
}

function all(): Drafts {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(REMEMBERED) ?? "[]");
    return Array.isArray(kept) ? (kept as Drafts) : [];
  } catch {
    // Somebody else wrote there: begin anew.
    return [];
  }
}
