import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { request, ServerError, send } from "./http";

/** A file the server fetches, as `/api/models` tells it. Sizes in bytes, rates in bytes per second. */
export interface Model {
  id: string;
  title: string;
  licence: { code: string; weights: string };
  size: number;
  state: "installed" | "partial" | "missing" | "waiting" | "downloading" | "checking" | "failed";
  /** An engine in force wants it. */
  needed: boolean;
  done: number;
  total: number;
  rate: number | null;
  remaining_seconds: number | null;
  error: { code: string; message: string; hint: string } | null;
}

const LOOK_MILLISECONDS = 1_000;

/** The models an engine waits for, looked at each second while `following`. */
export function useNeededModels(following: boolean): Model[] {
  const { data } = useQuery({
    queryKey: ["first-run"],
    queryFn: async () => {
      try {
        return (await request<{ models: Model[] }>("/api/models")).models;
      } catch (error) {
        // The engines tell their progress themselves as well.
        if (error instanceof ServerError) return [];
        throw error;
      }
    },
    enabled: following,
    refetchInterval: LOOK_MILLISECONDS,
  });
  return (data ?? []).filter((model) => model.needed);
}

/** Try again what failed to be fetched or loaded. */
export function useRetryModels() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (wanted: { kind?: string; model?: string }) =>
      send<{ retried: string[] }>("POST", "/api/models/retry", wanted),
    onSettled: () => client.invalidateQueries({ queryKey: ["first-run"] }),
  });
}
