import { useAgentList } from "../agents/agents";

/** The names of the agents that look things up in a base. */
export function useUsers(baseId: string): string[] {
  const { data } = useAgentList();
  return (data?.agents ?? [])
    .filter(({ knowledge }) => knowledge.includes(baseId))
    .map(({ name }) => name);
}
