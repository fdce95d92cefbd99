import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

/** Which cached answers each change of the server makes stale. */
const STALE: Record<string, string[]> = {
  engines: ["health", "engines", "models"],
  sessions: ["engines"],
  conversations: ["conversations", "conversation", "latency"],
  agents: ["agents"],
  voices: ["voices"],
  providers: ["providers", "health", "engines", "voices"],
};

/** Follows `/api/events` while the page is open and marks cached answers stale as things change. */
export function useServerEvents(enabled: boolean): void {
  const client = useQueryClient();
  useEffect(() => {
    if (!enabled) return;
    const source = new EventSource("/api/events");
    for (const [kind, keys] of Object.entries(STALE)) {
      source.addEventListener(kind, () => invalidate(client, keys));
    }
    // Changes were missed: everything may be stale.
    for (const kind of ["resync", "state"]) {
      source.addEventListener(kind, () => void client.invalidateQueries());
    }
    return () => source.close();
  }, [client, enabled]);
}

function invalidate(client: QueryClient, keys: string[]): void {
  for (const key of keys) void client.invalidateQueries({ queryKey: [key] });
}
