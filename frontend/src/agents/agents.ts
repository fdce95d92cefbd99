import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { request, type ServerError, send } from "../server/http";

/** What of an agent can be set. */
export interface AgentFields {
  name: string;
  description: string;
  prompt: string;
  greeting: string;
  voice: string | null;
  language: string | null;
  engines: Record<string, string>;
  /** Ids of tools, or source/*; null for all that can be used, none where empty. */
  tools: string[] | null;
  /** Ids of knowledge bases. */
  knowledge: string[];
  /** How it remembers people: the name of a way, `none` for not at all. */
  memory: string;
  /** What decides about its tools; null for what the settings say. */
  intent: string | null;
}

export interface FullAgent extends AgentFields {
  id: string;
  /** Comes with Kaikou: deleting it sets it back. */
  shipped: boolean;
  changed: boolean;
}

const KEY = ["agents"];

export function useAgentList() {
  return useQuery({
    queryKey: KEY,
    queryFn: () => request<{ agents: FullAgent[]; default: string }>("/api/agents"),
  });
}

function useAgentMutation<Input, Output>(run: (input: Input) => Promise<Output>) {
  const client = useQueryClient();
  return useMutation<Output, ServerError, Input>({
    mutationFn: run,
    onSettled: () => client.invalidateQueries({ queryKey: KEY }),
  });
}

/** Save an agent: a new one where `id` is null. */
export function useSaveAgent(id: string | null) {
  return useAgentMutation<AgentFields, FullAgent>((fields) =>
    id ? send("PATCH", `/api/agents/${id}`, fields) : send("POST", "/api/agents", fields),
  );
}

export function useDuplicateAgent() {
  return useAgentMutation<{ id: string; name: string }, FullAgent>(({ id, name }) =>
    send("POST", `/api/agents/${id}/duplicate`, { name }),
  );
}

/** Delete an agent, or set a shipped one back to how it came. */
export function useDeleteAgent() {
  return useAgentMutation<string, unknown>((id) => send("DELETE", `/api/agents/${id}`));
}

/** Undo: what was deleted comes back under its id; what was set back gets its changes again. */
export function useRestoreAgent() {
  return useAgentMutation<FullAgent, FullAgent>((agent) => {
    const fields = fieldsOf(agent);
    return agent.shipped
      ? send("PATCH", `/api/agents/${agent.id}`, fields)
      : send("POST", "/api/agents", { id: agent.id, ...fields });
  });
}

export const emptyAgent: AgentFields = {
  name: "",
  description: "",
  prompt: "",
  greeting: "",
  voice: null,
  language: null,
  engines: {},
  tools: null,
  knowledge: [],
  memory: "none",
  intent: null,
};

/** What of an agent can be set, without what the server keeps beside it. */
export function fieldsOf(agent: AgentFields): AgentFields {
  const settable = Object.entries(agent).filter(([name]) => name in emptyAgent);
  return Object.fromEntries(settable) as unknown as AgentFields;
}
