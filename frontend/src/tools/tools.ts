import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { request, type ServerError, send } from "../server/http";
import type { Schema } from "./schema";
import type { Trial } from "./TrialDialog";

export interface ToolCall {
  at: string;
  agent_id: string;
  conversation_id: string;
  arguments: string;
  seconds: number;
  failed: boolean;
  text: string;
}

export interface Tool {
  /** source/name: what an agent's `tools` holds. */
  id: string;
  name: string;
  /** The name that models know it by. */
  called: string;
  title: string;
  description: string;
  parameters: Schema;
  /** What is missing before it can be used; empty: nothing. */
  needs: string;
  last_error: string;
  calls: ToolCall[];
}

export interface Source {
  name: string;
  state: "ok" | "loading" | "failed";
  detail: string;
  error: string;
  log: string[];
  tools: Tool[];
}

export interface McpServer {
  name: string;
  address: string;
  /** A program of this machine, not an address. */
  program: boolean;
  transport: string;
  disabled: boolean;
  agents: string[] | null;
  origin: string;
  editable: boolean;
}

export const KEY = ["tools"];

const SOURCES = {
  queryKey: [...KEY, "sources"],
  queryFn: () => request<{ sources: Source[] }>("/api/tools"),
};

/** Every source and what it offers, as an agent would see it. */
export function useTools() {
  return useQuery(SOURCES);
}

/** What people call the tools, by the names that models know; the history keeps only these. */
export function useToolTitles(wanted: boolean): Map<string, string> {
  const { data } = useQuery({ ...SOURCES, enabled: wanted });
  const tools = data?.sources.flatMap((source) => source.tools) ?? [];
  return new Map(tools.map(({ called, title }) => [called, title]));
}

export function useMcpServers() {
  return useQuery({
    queryKey: [...KEY, "mcp"],
    queryFn: () => request<{ servers: McpServer[]; file: string }>("/api/tools/mcp"),
  });
}

export function callTool(
  source: string,
  name: string,
  values: Record<string, unknown>,
  language: string,
): Promise<Trial> {
  const address = `/api/tools/${encodeURIComponent(source)}/${encodeURIComponent(name)}/call`;
  return send<Trial>("POST", address, { arguments: values, language });
}

function useMcpMutation<Input>(run: (input: Input) => Promise<unknown>) {
  const client = useQueryClient();
  return useMutation<unknown, ServerError, Input>({
    mutationFn: run,
    onSettled: () => client.invalidateQueries({ queryKey: KEY }),
  });
}

export interface NewMcpServer {
  name: string;
  url: string;
  transport: string;
  token: string;
}

export function useAddMcpServer() {
  return useMcpMutation<NewMcpServer>((wanted) => send("POST", "/api/tools/mcp", wanted));
}

export function useMcpActs() {
  const address = (name: string) => `/api/tools/mcp/${encodeURIComponent(name)}`;
  return {
    restart: useMcpMutation<string>((name) => send("POST", `${address(name)}/restart`)),
    remove: useMcpMutation<string>((name) => send("DELETE", address(name))),
    restore: useMcpMutation<string>((name) => send("POST", `${address(name)}/restore`)),
    grant: useMcpMutation<{ name: string; agents: string[] | null }>(({ name, agents }) =>
      send("PATCH", address(name), { agents }),
    ),
    switchTo: useMcpMutation<{ name: string; disabled: boolean }>(({ name, disabled }) =>
      send("PATCH", address(name), { disabled }),
    ),
  };
}

/** Settings that a sentence names, each as its variable: `tools.search_key` is KAIKOU_TOOLS__SEARCH_KEY. */
export function variablesIn(sentence: string): string[] {
  const names = sentence.match(/\b[a-z]+(?:\.[a-z_]+)+\b/g) ?? [];
  return [...new Set(names)].map((name) => `KAIKOU_${name.replaceAll(".", "__").toUpperCase()}`);
}

/** The sources with the tools that hold every word of `sought`; those with none left out. */
export function matching(sources: Source[], sought: string): Source[] {
  const words = sought.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return sources;
  const fits = (text: string) => words.every((word) => text.toLowerCase().includes(word));
  return sources
    .map((source) => ({
      ...source,
      tools: source.tools.filter(({ name, title, description }) =>
        fits(`${source.name} ${name} ${title} ${description}`),
      ),
    }))
    .filter(({ tools }) => tools.length > 0);
}

/** Those with a problem first: they are what one comes for. */
export function troubledFirst(sources: Source[]): Source[] {
  const troubled = ({ state, error }: Source) => state === "failed" || error !== "";
  return [...sources.filter(troubled), ...sources.filter((one) => !troubled(one))];
}

/** `mcp:calendar` -> calendar; null where the source is no MCP server. */
export function mcpName(source: string): string | null {
  return source.startsWith("mcp:") ? source.slice(4) : null;
}

/** Of a description in English and then Chinese, the part in the page's language; any other as it is. */
export function ofLanguage(description: string, language: string): string {
  const both = description.match(/^([^\p{Script=Han}]+[.!?])\s+(\p{Script=Han}.*)$/su);
  return (language === "zh" ? both?.[2] : both?.[1]) ?? description;
}
