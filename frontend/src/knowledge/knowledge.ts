import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { request, type ServerError, send } from "../server/http";
import { upload } from "../server/upload";

export interface Base {
  id: string;
  name: string;
  description: string;
  documents: number;
  passages: number;
}

export interface BaseFields {
  name: string;
  description: string;
}

export type DocumentState = "queued" | "reading" | "embedding" | "ready" | "failed" | "cancelled";

export interface KnowledgeDocument {
  id: string;
  base_id: string;
  title: string;
  file_name: string;
  media_type: string;
  /** Bytes of the original. */
  size: number;
  state: DocumentState;
  /** 0..1 while it is being embedded. */
  progress: number | null;
  /** Why its import waits, as a sentence; empty: it does not. */
  waiting: string;
  error: { code: string; message: string; hint: string } | null;
  characters: number;
  passages: number;
}

/** One found passage, with where it stands. */
export interface Found {
  text: string;
  document_id: string;
  document_title: string;
  base_id: string;
  start: number;
  location: string;
  score: number;
  /** Cosine of meaning; null where words alone found it. */
  similarity: number | null;
  words_rank: number | null;
}

export interface Answer {
  results: Found[];
  seconds: number;
  /** Why words alone decided; empty: they did not. */
  without_meaning: string;
}

export interface Passage {
  position: number;
  page: number | null;
  headings: string[];
  text: string;
}

const KEY = ["knowledge"];

export function useBases() {
  return useQuery({
    queryKey: [...KEY, "bases"],
    queryFn: () => request<{ bases: Base[] }>("/api/knowledge/bases"),
  });
}

export function useDocuments(baseId: string) {
  return useQuery({
    queryKey: [...KEY, "documents", baseId],
    queryFn: () =>
      request<{ documents: KnowledgeDocument[] }>(`/api/knowledge/bases/${baseId}/documents`),
  });
}

function useKnowledgeMutation<Input, Output>(run: (input: Input) => Promise<Output>) {
  const client = useQueryClient();
  return useMutation<Output, ServerError, Input>({
    mutationFn: run,
    onSettled: () => client.invalidateQueries({ queryKey: KEY }),
  });
}

/** Save a base: a new one where `id` is null. */
export function useSaveBase(id: string | null) {
  return useKnowledgeMutation<BaseFields, Base>((fields) =>
    id
      ? send("PATCH", `/api/knowledge/bases/${id}`, fields)
      : send("POST", "/api/knowledge/bases", fields),
  );
}

export function useDeleteBase() {
  return useKnowledgeMutation<string, unknown>((id) =>
    send("DELETE", `/api/knowledge/bases/${id}`),
  );
}

export function useRestoreBase() {
  return useKnowledgeMutation<string, Base>((id) =>
    send("POST", `/api/knowledge/bases/${id}/restore`),
  );
}

/** What can be done with a document. */
export function useDocumentAct(act: "cancel" | "retry" | "restore" | "delete") {
  return useKnowledgeMutation<string, unknown>((id) =>
    act === "delete"
      ? send("DELETE", `/api/knowledge/documents/${id}`)
      : send("POST", `/api/knowledge/documents/${id}/${act}`),
  );
}

export function usePassages(documentId: string, offset: number, limit: number) {
  return useQuery({
    queryKey: [...KEY, "passages", documentId, offset],
    queryFn: () =>
      request<{ passages: Passage[] }>(
        `/api/knowledge/documents/${documentId}/passages?offset=${offset}&limit=${limit}`,
      ),
  });
}

/** Ask; `bases` empty asks all of them. */
export function useAsk() {
  return useMutation<Answer, ServerError, { query: string; bases: string[] }>({
    mutationFn: (wanted) => send("POST", "/api/knowledge/search", wanted),
  });
}

export type Added = KnowledgeDocument & { known: boolean };

export function sendDocument(
  baseId: string,
  file: File,
  options: { onProgress: (share: number) => void; signal: AbortSignal },
): Promise<Added> {
  const form = new FormData();
  form.set("file", file);
  return upload<Added>(`/api/knowledge/bases/${baseId}/documents`, form, options);
}
