import { useQuery } from "@tanstack/react-query";
import type { Stage } from "../realtime/events";
import { request } from "../server/http";

/** How some durations lie, in seconds. `counts` has one more entry than the bounds: the open last bucket. */
export interface Spread {
  count: number;
  p50: number | null;
  p90: number | null;
  p95: number | null;
  max: number | null;
  counts: number[];
}

export interface Turn {
  id: string;
  conversation_id: string;
  conversation_title: string;
  agent_id: string;
  surface: string;
  created_at: string;
  status: string;
  stages: Stage[];
  /** Seconds from the end of speech to the first sound; null where none came. */
  total: number | null;
  queued: number;
  speculations: number;
  speculated: boolean;
}

interface Group {
  key: string;
  label?: string;
  count: number;
  p50: number | null;
  p95: number | null;
}

export interface Latency {
  count: number;
  /** Upper bounds of the buckets, in seconds. */
  bounds: number[];
  total: Spread;
  stages: { name: string; count: number; done: Spread; took: Spread; queued: Spread }[];
  queued: Spread;
  speculation: {
    turns: number;
    hits: number;
    hit_rate: number | null;
    gain_p50: number | null;
    thrown_away: number;
  };
  by_agent: Group[];
  by_engines: Group[];
  turns: Turn[];
}

/** How a turn was held: `realtime` is spoken in a browser or over the API, "" is any. */
export type Surface = "realtime" | "chat" | "";

/** The turns of the last `window` seconds. */
export function useLatency(window: number, surface: Surface) {
  return useQuery({
    queryKey: ["latency", window, surface],
    queryFn: () =>
      request<Latency>(`/api/latency?window=${window}&limit=50${surface && `&surface=${surface}`}`),
    placeholderData: (before) => before,
  });
}

export interface EngineAtWork {
  kind: string;
  name: string;
  title: string;
  model: string;
  local: boolean;
  state: "waiting" | "loading" | "ready" | "degraded" | "failed";
  detail: string;
  licence: string;
  model_time: { stage: string; count: number; p50: number; p95: number } | null;
}

interface LaneAtWork {
  lane: string;
  waiting: number;
  running: number;
  limit: number;
  oldest: number;
}

export function useEngines() {
  return useQuery({
    queryKey: ["engines"],
    queryFn: () => request<{ engines: EngineAtWork[]; lanes: LaneAtWork[] }>("/api/engines"),
    refetchInterval: 5_000,
  });
}
