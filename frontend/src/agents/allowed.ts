import type { Source } from "../tools/tools";

/** Stands for every tool of a source in an agent's list, such as `mcp:files/*`. */
export function allOf(source: string): string {
  return `${source}/*`;
}

export function isAllowed(list: readonly string[], source: string, id: string): boolean {
  return list.includes(allOf(source)) || list.includes(id);
}

/** The list with one tool more or less. A tool taken out of a whole source leaves the others in. */
export function withTool(
  list: readonly string[],
  source: Pick<Source, "name" | "tools">,
  id: string,
  on: boolean,
): string[] {
  if (on) return isAllowed(list, source.name, id) ? [...list] : [...list, id];
  const whole = allOf(source.name);
  const others = list.includes(whole) ? source.tools.map((tool) => tool.id) : [];
  const rest = list.filter((one) => one !== whole && one !== id);
  return [...new Set([...rest, ...others.filter((one) => one !== id)])];
}

/** The list with all of a source, those it will get later too, or with nothing of it. */
export function withSource(list: readonly string[], source: string, on: boolean): string[] {
  const rest = list.filter((one) => sourceOf(one) !== source);
  return on ? [...rest, allOf(source)] : rest;
}

/** Entries of the list that no known source has: a server that is away, a plugin that was deleted. */
export function unknownIn(list: readonly string[], sources: Source[], always: string[]): string[] {
  const known = new Set(
    sources.flatMap(({ name, tools }) => [allOf(name), ...tools.map((t) => t.id)]),
  );
  return list.filter((one) => !known.has(one) && !always.includes(one));
}

/** `mcp:files/read/all` -> `mcp:files`. */
function sourceOf(id: string): string {
  return id.slice(0, id.indexOf("/"));
}
