import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { request, type ServerError, send } from "../server/http";

/** Something an agent remembers of somebody. */
export interface Memory {
  id: string;
  agent_id: string;
  /** A device's id, `speaker:<id>` where the voice is known, or a browser (`owners.ts`). */
  who: string;
  who_name: string;
  module: string;
  topic: string;
  text: string;
  conversation_id: string | null;
  /** A person wrote it; no module changes it. */
  edited: boolean;
  updated_at: string;
}

/** Somebody an agent remembers. */
export interface Person {
  agent_id: string;
  /** null: the agent is gone. */
  agent_name: string | null;
  who: string;
  who_name: string;
  memories: number;
  /** Turns that nothing was learned from yet. */
  waiting: number;
  updated_at: string;
}

export interface MemoryModule {
  name: string;
  title: string;
  description: string;
  source: "builtin" | "file";
  error: string;
}

export interface Modules {
  modules: MemoryModule[];
  folder: string;
  trouble: string;
  log: string[];
}

/** Whose memories: of one agent, one person, both, or all. */
export interface Whose {
  agent: string | null;
  who: string | null;
}

const KEY = ["memory"];

export function usePeople() {
  return useQuery({
    queryKey: [...KEY, "people"],
    queryFn: () => request<{ people: Person[] }>("/api/memory/people"),
  });
}

export function useModules() {
  return useQuery({
    queryKey: [...KEY, "modules"],
    queryFn: () => request<Modules>("/api/memory/modules"),
  });
}

/** What is remembered, newest first; with `sought` the best match first. */
export function useMemories(whose: Whose, sought: string, limit: number) {
  return useQuery({
    queryKey: [...KEY, "list", whose.agent, whose.who, sought, limit],
    queryFn: ({ signal }) =>
      request<{ memories: Memory[]; total: number }>(
        `/api/memory?${parameters(whose, { q: sought, limit: String(limit) })}`,
        { signal },
      ),
    placeholderData: keepPreviousData,
  });
}

function useMemoryMutation<Input, Output>(run: (input: Input) => Promise<Output>) {
  const client = useQueryClient();
  return useMutation<Output, ServerError, Input>({
    mutationFn: run,
    onSettled: () => client.invalidateQueries({ queryKey: KEY }),
  });
}

export function useAddMemory() {
  return useMemoryMutation<{ agent_id: string; who: string; text: string }, Memory>((wanted) =>
    send("POST", "/api/memory", wanted),
  );
}

export function useChangeMemory(id: string) {
  return useMemoryMutation<string, Memory>((text) => send("PATCH", `/api/memory/${id}`, { text }));
}

/** Throws away the ones named, or all that fit; gives what it took. */
export function useErase() {
  return useMemoryMutation<{ ids: string[] } | Whose, { deleted: string[] }>((what) =>
    send("POST", "/api/memory/erase", erasing(what)),
  );
}

export function useRestoreMemories() {
  return useMemoryMutation<string[], unknown>((ids) =>
    send("POST", "/api/memory/restore", { ids }),
  );
}

/** Gives the ones named, or all that fit, to somebody else; tells which were not theirs yet. */
export function useMove() {
  return useMemoryMutation<({ ids: string[] } | Whose) & { to: string }, { moved: string[] }>(
    ({ to, ...what }) => send("POST", "/api/memory/move", { ...fitting(what), to }),
  );
}

/** Where everything that fits is downloaded from. */
export function exportAddress(whose: Whose): string {
  return `/api/memory/export?${parameters(whose)}`;
}

/** The body that erases what is named: nothing is "everything" by leaving something out. */
export function erasing(what: { ids: string[] } | Whose): Record<string, unknown> {
  const fits = fitting(what);
  return Object.keys(fits).length === 0 ? { everything: true } : fits;
}

function fitting(what: { ids: string[] } | Whose): Record<string, unknown> {
  if ("ids" in what) return { ids: what.ids };
  const { agent, who } = what;
  return { ...(agent === null ? {} : { agent_id: agent }), ...(who === null ? {} : { who }) };
}

function parameters(whose: Whose, more: Record<string, string> = {}): string {
  const found = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...whose, ...more })) {
    if (value) found.set(name, value);
  }
  return found.toString();
}
