import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { type Change, type Follower, followServer } from "./stream";

/** Which cached answers each change of the server makes stale. */
const STALE: Partial<Record<Change, string[]>> = {
  engines: ["health", "engines", "models"],
  sessions: ["engines"],
  conversations: ["conversations", "conversation", "latency"],
  agents: ["agents"],
  voices: ["voices"],
  providers: ["providers", "health", "engines", "voices"],
  devices: ["devices"],
  tools: ["tools"],
  knowledge: ["knowledge"],
  memory: ["memory"],
  speakers: ["speakers"],
  reminders: ["reminders"],
};

/** Some changes come many times a second; the page need not ask after each. */
const GATHER_MILLISECONDS = 250;

/** Follows `/api/events` while the page is open and marks cached answers stale as things change. */
export function useServerEvents(enabled: boolean): void {
  const client = useQueryClient();
  useEffect(() => {
    if (!enabled) return;
    const stops: (() => void)[] = [];
    const follower: Follower = {};
    for (const [kind, keys] of Object.entries(STALE) as [Change, string[]][]) {
      const { run, stop } = gathered(() => invalidate(client, keys), GATHER_MILLISECONDS);
      follower[kind] = run;
      stops.push(stop);
    }
    // Changes were missed: everything may be stale.
    follower.resync = follower.state = () => void client.invalidateQueries();
    stops.push(followServer(follower));
    return () => {
      for (const stop of stops) stop();
    };
  }, [client, enabled]);
}

function invalidate(client: QueryClient, keys: string[]): void {
  for (const key of keys) void client.invalidateQueries({ queryKey: [key] });
}

/** Runs `act` at once, and once more at the end of the `pause` in which it was asked for again. */
export function gathered(
  act: () => void,
  pause: number,
): {
  run: () => void;
  stop: () => void;
} {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let again = false;
  const run = () => {
    if (timer !== undefined) {
      again = true;
      return;
    }
    act();
    timer = setTimeout(() => {
      timer = undefined;
      if (again) {
        again = false;
        run();
      }
    }, pause);
  };
  return { run, stop: () => clearTimeout(timer) };
}
