import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { request, type ServerError, send } from "../server/http";

export interface Voice {
  id: string;
  name: string;
  languages: string[];
  gender: "female" | "male" | "neutral" | null;
  description: string;
  engine: string;
  kind: "packaged" | "blend";
  /** Of a blend: its voices and their shares, summing to 1. */
  parts: Record<string, number>;
}

export interface Voices {
  voices: Voice[];
  /** Language -> the voice where nobody chose one. */
  default: Record<string, string>;
  /** The speech engine in force can mix voices. */
  blends: boolean;
}

/** What a blend is made from and called. */
export interface BlendDraft {
  name: string;
  description: string;
  parts: Record<string, number>;
}

const KEY = ["voices"];

export function useVoices() {
  return useQuery({ queryKey: KEY, queryFn: () => request<Voices>("/api/voices") });
}

/** Save a new blend, or change the one of `id`. */
export function useSaveBlend(id: string | null) {
  const client = useQueryClient();
  return useMutation<Voice, ServerError, BlendDraft>({
    mutationFn: (draft) =>
      id ? send("PATCH", `/api/voices/${id}`, draft) : send("POST", "/api/voices", draft),
    onSuccess: () => client.invalidateQueries({ queryKey: KEY }),
  });
}

export function useDeleteVoice() {
  const client = useQueryClient();
  return useMutation<unknown, ServerError, Voice>({
    mutationFn: (voice) => send("DELETE", `/api/voices/${voice.id}`),
    onSettled: () => client.invalidateQueries({ queryKey: KEY }),
  });
}

/** Undo: the same parts under the same name again. */
export function useRestoreVoice() {
  const client = useQueryClient();
  return useMutation<Voice, ServerError, Voice>({
    mutationFn: ({ name, description, parts }) =>
      send("POST", "/api/voices", { name, description, parts }),
    onSettled: () => client.invalidateQueries({ queryKey: KEY }),
  });
}

/** A language's own name in the page's language: "zh" -> "Chinese" or "中文". */
export function languageName(code: string, language: string): string {
  const names = new Intl.DisplayNames([language === "zh" ? "zh-CN" : "en"], { type: "language" });
  return names.of(code) ?? code;
}
