import { browserId } from "../server/browser";

/** Everybody who is not told apart: from before browsers were, and programs. */
export const SHARED = "browser";
const BROWSER = "browser:";

/** Whoever uses this browser, to the server. */
export function ownOwner(): string {
  const id = browserId();
  return id === null ? SHARED : `${BROWSER}${id}`;
}

export type OwnerKind = "this" | "other" | "shared" | "named";

/** What an owner of memories is to whoever looks: `named` has a name of its own (a person, a device). */
export function kindOf(who: string, own: string): OwnerKind {
  if (who === SHARED) return "shared";
  if (who === own) return "this";
  return who.startsWith(BROWSER) ? "other" : "named";
}

/** What tells two other browsers apart that were last seen at the same time. */
export function markOf(who: string): string {
  return who.slice(-4);
}
