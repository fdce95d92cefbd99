import { useQuery } from "@tanstack/react-query";
import type { TextKey } from "../i18n/texts";
import { request } from "../server/http";
import { KEY } from "./tools";

interface Ways {
  /** The setting in force. */
  chosen: string;
  modules: { name: string; source: "builtin" | "file"; error: string }[];
  folder: string;
  /** What is wrong with the folder; empty: nothing. */
  trouble: string;
}

export const KNOWN: Record<string, TextKey> = {
  auto: "deciding.auto",
  function_calling: "deciding.function_calling",
  router: "deciding.router",
  model: "deciding.model",
  none: "deciding.none",
};

/** The ways to decide about tools before a reply, and how the operator's own files for it do. */
export function useWays() {
  return useQuery({
    queryKey: [...KEY, "deciding"],
    queryFn: () => request<Ways>("/api/intent"),
  });
}
