/** A failure a person can act on: what happened, and what to do next. */
export class ServerError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly hint = "",
  ) {
    super(message);
  }
}

/** JSON from the server. Throws ServerError; its code is `unreachable` where nothing answered. */
export async function request<Body>(path: string, init?: RequestInit): Promise<Body> {
  let response: Response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...init });
  } catch {
    throw new ServerError(0, "unreachable", "");
  }
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) throw problemOf(response.status, body);
  return body as Body;
}

/** Send JSON: `send("PATCH", "/api/agents/x", { name })`. 204 gives null. */
export function send<Body>(method: string, path: string, body?: unknown): Promise<Body> {
  if (body === undefined) return request<Body>(path, { method });
  const headers = { "content-type": "application/json" };
  return request<Body>(path, { method, headers, body: JSON.stringify(body) });
}

/** The server's problem+json (RFC 9457), or its status where it sent none. */
export function problemOf(status: number, body: unknown): ServerError {
  const problem = (body ?? {}) as Record<string, unknown>;
  const text = (name: string) => (typeof problem[name] === "string" ? problem[name] : "");
  const code = text("code") || (status === 401 ? "unauthorized" : "failed");
  return new ServerError(
    status,
    code,
    text("message") || text("title") || text("detail"),
    text("hint"),
  );
}

/** Address of a socket on the server this page came from. */
export function socketAddress(path: string, query: Record<string, string | null> = {}): string {
  const address = new URL(path, location.href);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  for (const [name, value] of Object.entries(query)) {
    if (value) address.searchParams.set(name, value);
  }
  return address.href;
}
