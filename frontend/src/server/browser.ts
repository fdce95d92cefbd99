const REMEMBERED = "kaikou.browser";
/** As the server takes it. */
const ID = /^[\w-]{16,64}$/;

/** The id of this browser, made once and kept: agents remember people by it (docs/memory.md). Null where the
 * browser keeps nothing; an id for one visit would remember nobody. */
export function browserId(): string | null {
  try {
    const kept = localStorage.getItem(REMEMBERED);
    if (kept !== null && ID.test(kept)) return kept;
    localStorage.setItem(REMEMBERED, freshId());
    return localStorage.getItem(REMEMBERED);
  } catch {
    return null;
  }
}

/** `randomUUID` exists on secure pages only, and writing works on all. */
function freshId(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
