/** What the server tells on `/api/events`; `error` is the browser's own: the line is lost or refused. */
const KINDS = [
  "state",
  "engines",
  "sessions",
  "conversations",
  "agents",
  "voices",
  "providers",
  "devices",
  "tools",
  "knowledge",
  "memory",
  "speakers",
  "reminders",
  "resync",
  "closing",
  "error",
] as const;

export type Change = (typeof KINDS)[number];

/** What is done on which change. */
export type Follower = Partial<Record<Change, () => void>>;

/** A stream that was refused is asked for again after so many milliseconds. */
const AGAIN_MILLISECONDS = 5_000;

const followers = new Set<Follower>();
let source: EventSource | null = null;
let again: ReturnType<typeof setTimeout> | undefined;

/**
 * Follow the server's changes until the returned function is called.
 *
 * All parts of the page share one stream, and it is held only while somebody looks: browsers give a site
 * six connections over HTTP/1.1 for all its tabs together, and a stream keeps one of them. The first change
 * of every stream is `state`, so that whoever comes back learns that changes were missed.
 */
export function followServer(follower: Follower): () => void {
  if (followers.size === 0) watch(true);
  followers.add(follower);
  hold();
  return () => {
    followers.delete(follower);
    if (followers.size === 0) watch(false);
    hold();
  };
}

function watch(on: boolean): void {
  const turn = on ? "addEventListener" : "removeEventListener";
  document[turn]("visibilitychange", hold);
  // A page that one may go back to is kept as it is, with its connections.
  window[turn]("pagehide", drop);
  window[turn]("pageshow", hold);
}

function hold(): void {
  if (followers.size === 0 || document.visibilityState === "hidden") drop();
  else if (!source) open();
}

function drop(): void {
  clearTimeout(again);
  source?.close();
  source = null;
}

function open(): void {
  clearTimeout(again);
  const opened = new EventSource("/api/events");
  source = opened;
  for (const kind of KINDS) {
    opened.addEventListener(kind, () => {
      for (const follower of [...followers]) follower[kind]?.();
    });
  }
  opened.addEventListener("error", () => {
    // Browsers come back by themselves from a lost line, but not from an answer such as 502.
    if (source !== opened || opened.readyState !== EventSource.CLOSED) return;
    drop();
    again = setTimeout(hold, AGAIN_MILLISECONDS);
  });
}
