import type { TextKey } from "../i18n/texts";
import type { WireError } from "../realtime/events";
import { ServerError } from "../server/http";

/** Something the user should know: a sentence of the page's own, or the server's words. */
export interface Problem {
  key: TextKey;
  /** What the server said; shown where the page has no better sentence. */
  detail?: string;
  /** Of something written, which stands in the field again: a call is no second try. */
  written?: boolean;
}

/** Errors that need no banner: the page asked twice, or too late. */
const HARMLESS = new Set([
  "response_cancel_not_active",
  "conversation_already_has_active_response",
  "item_not_found",
  "invalid_truncate",
]);

const KNOWN: Record<string, TextKey> = {
  session_limit_reached: "problem.session_limit_reached",
  not_ready: "problem.not_ready",
  conversation_in_use: "problem.conversation_in_use",
  unauthorized: "problem.unauthorized",
  unreachable: "problem.unreachable",
};

/** The server takes the conversation from this window and gives it to another. */
const TAKEN_OVER = 4001;

export function problemOfEvent(error: WireError | null | undefined): Problem | null {
  if (!error || HARMLESS.has(error.code ?? "")) return null;
  const known = KNOWN[error.code ?? ""];
  return known
    ? { key: known, detail: error.message }
    : { key: "problem.failed", detail: error.message };
}

export function problemOfConnection(code: number, error: WireError | null): Problem {
  if (code === TAKEN_OVER) return { key: "problem.taken_over" };
  return problemOfEvent(error) ?? { key: "problem.dropped" };
}

export function problemOfRequest(error: unknown): Problem {
  if (!(error instanceof ServerError)) return { key: "problem.failed" };
  const key = KNOWN[error.code] ?? "problem.failed";
  const detail = `${error.message} ${error.hint}`.trim();
  return detail ? { key, detail } : { key };
}
