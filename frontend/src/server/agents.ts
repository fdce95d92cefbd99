import { useQuery } from "@tanstack/react-query";
import { request } from "./http";

/** A persona one can talk with. */
export interface Agent {
  id: string;
  name: string;
  description: string;
  /** BCP 47 code; null follows the user. */
  language: string | null;
}

export interface Agents {
  agents: Agent[];
  /** Who answers where nobody is chosen. */
  default: string;
}

/** The agents of this server; null until they are known. Asked once the server is `ready`. */
export function useAgents(ready: boolean): Agents | null {
  const { data, isError } = useQuery({
    queryKey: ["agents"],
    queryFn: () => request<Agents>("/api/agents"),
    enabled: ready,
  });
  // A call works without a choice: the server's default agent answers.
  return data ?? (isError ? { agents: [], default: "" } : null);
}

/** Who is offered first: somebody who speaks the page's language, else the server's default. */
export function preferredAgent(known: Agents, language: string): Agent | null {
  const { agents } = known;
  return (
    agents.find((agent) => agent.language?.startsWith(language)) ??
    agents.find((agent) => agent.id === known.default) ??
    agents[0] ??
    null
  );
}
