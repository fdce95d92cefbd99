import { ServerError } from "../server/http";
import type { ConversationInfo } from "./api";

export type Format = "json" | "markdown" | "txt" | "audio";

const SUFFIX: Record<Format, string> = { json: "json", markdown: "md", txt: "txt", audio: "zip" };

/** Fetches a conversation's export and hands it to the browser to keep. Throws ServerError. */
export async function saveExport(one: ConversationInfo, format: Format): Promise<void> {
  const response = await fetch(`/api/conversations/${one.id}/export?format=${format}`);
  if (!response.ok) {
    const problem = (await response.json().catch(() => ({}))) as Record<string, string>;
    const { code = "failed", message = "", hint = "" } = problem;
    throw new ServerError(response.status, code, message, hint);
  }
  const address = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = address;
  link.download = `${fileName(one.title) || one.id}.${SUFFIX[format]}`;
  link.click();
  URL.revokeObjectURL(address);
}

/** A title as a file name that every system takes. */
export function fileName(title: string): string {
  return title
    .replace(/[\p{Cc}<>:"/\\|?*]/gu, " ")
    .replace(/\s+/g, " ")
    .slice(0, 60)
    .replace(/^[\s.]+|[\s.]+$/g, "");
}
