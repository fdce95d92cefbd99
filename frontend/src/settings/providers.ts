import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { request, type ServerError, send } from "../server/http";

export type ProviderKind = "stt" | "llm" | "tts";

/** One value of a choice and who set it. A key's value never leaves the server: `set` tells of it. */
export interface ChosenField {
  value: string | null;
  set?: boolean;
  origin: string;
  locked: boolean;
}

/** An engine that could serve a kind. */
export interface Choice {
  engine: string;
  title: string;
  type: "auto" | "local" | "provider" | "custom";
  base_url: string | null;
  needs_key: boolean;
  /** A key is stored that would be used at this choice's own address. */
  key_set: boolean;
  homepage: string | null;
  models: string[];
  model_needed: boolean;
  downloads: { id: string; title: string; size: number | null; installed: boolean }[];
  available: boolean;
  note: string;
}

interface Problem {
  code: string;
  message: string;
  hint: string;
}

/** What serves one kind now, and what could. */
export interface Provider {
  kind: ProviderKind;
  engine: string;
  title: string;
  model: string | null;
  base_url: string | null;
  local: boolean;
  state: "waiting" | "loading" | "ready" | "degraded" | "failed";
  detail: string;
  progress: number | null;
  origin: string;
  /** The operator chose it in a file or the environment: the page may look, not touch. */
  locked: boolean;
  fields: Record<"engine" | "base_url" | "api_key" | "model", ChosenField> & {
    voice?: ChosenField;
  };
  /** The page's own choice is in force and can be taken back. */
  saved: boolean;
  switching: {
    engine: string;
    state: "waiting" | "loading" | "failed";
    detail: string;
    progress: number | null;
    error?: Problem;
  } | null;
  choices: Choice[];
}

/** What is to serve from now on. A key left out keeps the stored one. */
export interface ProviderChoice {
  engine: string;
  base_url?: string;
  api_key?: string;
  model?: string;
}

export interface TestResult {
  ok: boolean;
  latency_ms: number | null;
  detail: string;
  models: string[];
  error: Problem | null;
}

const KEY = ["providers"];

export function useProviders() {
  return useQuery({
    queryKey: KEY,
    queryFn: () => request<{ kinds: Provider[] }>("/api/providers"),
    // While an engine loads its progress is worth following even where no event comes.
    refetchInterval: ({ state }) => (state.data?.kinds.some(isMoving) ? 1_500 : false),
  });
}

function isMoving(provider: Provider): boolean {
  return (
    provider.state === "loading" ||
    (provider.switching !== null && provider.switching.state !== "failed")
  );
}

export function useTest(kind: ProviderKind) {
  return useMutation<TestResult, ServerError, ProviderChoice>({
    mutationFn: (choice) => send("POST", "/api/providers/test", { kind, ...choice }),
  });
}

/** Save a choice; null goes back to what the server would choose by itself. */
export function useChoose(kind: ProviderKind) {
  const client = useQueryClient();
  return useMutation<Provider, ServerError, ProviderChoice | null>({
    mutationFn: (choice) =>
      choice
        ? send("PUT", `/api/providers/${kind}`, choice)
        : send("DELETE", `/api/providers/${kind}`),
    onSettled: () => client.invalidateQueries({ queryKey: KEY }),
  });
}
