import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { request, type ServerError, send } from "../server/http";

/** Where MCP servers dial in to, for one agent. */
export interface Endpoint {
  id: string;
  source: string;
  agent_id: string;
  name: string;
  connections: number;
}

const KEY = ["tools", "endpoints"];

export function useEndpoints() {
  return useQuery({
    queryKey: KEY,
    queryFn: () => request<{ endpoints: Endpoint[] }>("/api/tools/endpoints"),
  });
}

/** A new endpoint; its address, with the token, is told this once. */
export function useMakeEndpoint() {
  const client = useQueryClient();
  return useMutation<
    Endpoint & { url: string },
    ServerError,
    { name: string; agent: string | null }
  >({
    mutationFn: (wanted) => send("POST", "/api/tools/endpoints", wanted),
    onSettled: () => client.invalidateQueries({ queryKey: ["tools"] }),
  });
}

export function useRevokeEndpoint() {
  const client = useQueryClient();
  return useMutation<unknown, ServerError, string>({
    mutationFn: (id) => send("DELETE", `/api/tools/endpoints/${id}`),
    onSettled: () => client.invalidateQueries({ queryKey: ["tools"] }),
  });
}
