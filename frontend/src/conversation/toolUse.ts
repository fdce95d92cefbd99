/** A tool that the agent used for an answer. */
export interface ToolUse {
  callId: string;
  name: string;
  /** What people call it; empty where only its name is known. */
  title: string;
  /** JSON, as the model wrote it. */
  arguments: string;
  /** What it gave; null while it works. */
  output: string | null;
  failed: boolean;
  seconds?: number;
}

/** The wire's words for the beginning and the end of a call, in `/chat` and `/v1/realtime` alike. */
export interface ToolCalled {
  call_id: string;
  name: string;
  title: string;
  arguments: string;
}
export interface ToolReturned {
  call_id: string;
  name: string;
  output: string;
  failed: boolean;
  seconds: number;
}

export function begun(uses: readonly ToolUse[] = [], called: ToolCalled): ToolUse[] {
  const { call_id, name, title, arguments: given } = called;
  const use = { callId: call_id, name, title, arguments: given, output: null, failed: false };
  return [...uses.filter((one) => one.callId !== call_id), use];
}

export function ended(uses: readonly ToolUse[] = [], returned: ToolReturned): ToolUse[] {
  const { call_id, output, failed, seconds } = returned;
  return uses.map((one) => (one.callId === call_id ? { ...one, output, failed, seconds } : one));
}

/** A call as the history keeps it. */
export function kept(
  callId: string,
  name: string,
  given: string,
  output: string | null,
  before: readonly ToolUse[] = [],
): ToolUse {
  const known = before.find((one) => one.callId === callId);
  return known ?? { callId, name, title: "", arguments: given, output, failed: false };
}

/** JSON laid out for reading; what is none, as it is. */
export function laidOut(json: string): string {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null ? JSON.stringify(value, null, 2) : json;
  } catch {
    return json;
  }
}
