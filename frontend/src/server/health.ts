import { createContext, createElement, type ReactNode, use, useEffect, useState } from "react";
import { request } from "./http";
import { followServer } from "./stream";

/** One engine as `/api/health` tells it. */
export interface Engine {
  kind: string;
  name: string;
  title: string;
  local: boolean;
  scripted: boolean;
  state: "waiting" | "loading" | "ready" | "degraded" | "failed";
  detail: string;
  progress: number | null;
}

export interface Health {
  status: "starting" | "healthy" | "degraded" | "unhealthy";
  engines: Engine[];
}

/** What is known of the server. `health` is null before its first answer. */
export interface Server {
  health: Health | null;
  reachable: boolean;
  /** It wants a password that this browser has not given. */
  locked: boolean;
}

const CHECK_MILLISECONDS = 3_000;
/** Progress comes many times a second; the page need not follow each. */
const SETTLE_MILLISECONDS = 250;

/**
 * Follows the server's health: asks once, again whenever `/api/events` says that something
 * changed, and every few seconds while the server is starting or away.
 *
 * @param attempt changes when the user signs in, which starts it anew
 */
function useFollowedServer(attempt: number): Server {
  const [server, setServer] = useState<Server>({ health: null, reachable: true, locked: false });

  // biome-ignore lint/correctness/useExhaustiveDependencies: see `attempt` above
  useEffect(() => {
    let stopped = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let unfollow: (() => void) | null = null;

    const soon = (wait: number) => {
      clearTimeout(timer);
      timer = setTimeout(check, wait);
    };
    const follow = () => {
      const look = () => soon(SETTLE_MILLISECONDS);
      let first = true;
      // What was just asked is not asked again; but a stream that comes back may have missed something.
      const state = () => {
        if (!first) look();
        first = false;
      };
      unfollow = followServer({ state, engines: look, resync: look, closing: look, error: look });
    };
    const check = async () => {
      const found = await look();
      if (stopped) return;
      setServer((before) => ({ ...found, health: found.health ?? before.health }));
      if (found.locked) {
        unfollow?.();
        unfollow = null;
        return;
      }
      if (!unfollow && found.reachable) follow();
      if (!found.reachable || found.health?.status === "starting") soon(CHECK_MILLISECONDS);
    };

    void check();
    return () => {
      stopped = true;
      clearTimeout(timer);
      unfollow?.();
    };
  }, [attempt]);

  return server;
}

const ServerContext = createContext<Server | null>(null);

/** Follows the server for every part of the page below it. */
export function ServerProvider(props: { attempt: number; children: ReactNode }) {
  const server = useFollowedServer(props.attempt);
  return createElement(ServerContext, { value: server }, props.children);
}

/** What is known of the server just now. */
export function useServer(): Server {
  const server = use(ServerContext);
  if (!server) throw new Error("useServer needs a ServerProvider around it");
  return server;
}

async function look(): Promise<Server> {
  try {
    const login = await request<{ authenticated: boolean }>("/api/login");
    if (!login.authenticated) return { health: null, reachable: true, locked: true };
    return { health: await health(), reachable: true, locked: false };
  } catch {
    return { health: null, reachable: false, locked: false };
  }
}

/** An unhealthy server answers 503 with the same body, so the status code does not matter. */
async function health(): Promise<Health> {
  const response = await fetch("/api/health");
  return (await response.json()) as Health;
}

/** Is it known that no call can begin yet? Before the server's first answer nothing is known. */
export function isWarming(server: Server): boolean {
  return !server.reachable || (server.health !== null && !isReady(server.health));
}

/** May a call begin? */
export function isReady(health: Health | null): boolean {
  return health?.status === "healthy" || health?.status === "degraded";
}
