import { Blocks, ChevronDown, FolderCode, Plug } from "lucide-react";
import type { ReactNode } from "react";
import { useAgentList } from "../agents/agents";
import { useLanguage } from "../i18n/language";
import { useEndpoints } from "./endpoints";
import { McpActs } from "./McpActs";
import { ToolRow } from "./ToolRow";
import { type McpServer, mcpName, type Source, type Tool } from "./tools";

interface Props {
  source: Source;
  /** Of an MCP server: how it is set. */
  server?: McpServer | undefined;
  unfolded: boolean;
  onTry: (tool: Tool) => void;
}

const LOOKS: Record<Source["state"], string> = { ok: "good", loading: "warn", failed: "bad" };
const FEW = 24;

/** One source: how it does, what went wrong, what it wrote to its log, what it offers. */
export function SourceCard({ source, server, unfolded, onTry }: Props) {
  const { t, said } = useLanguage();
  const serverName = mcpName(source.name);
  const title = useSourceTitle(source.name);
  const { state, detail, error, log, tools } = source;
  const ready = tools.filter(({ needs }) => needs === "");
  const lacking = tools.filter(({ needs }) => needs !== "");
  const agents = useAgentList().data?.agents ?? [];
  const named = (id: string) => agents.find((one) => one.id === id)?.name ?? id;
  return (
    <section className="card source" aria-label={title}>
      <header className="source-head">
        <span className="sign">{signOf(source.name)}</span>
        <div className="source-text">
          <h2>{title}</h2>
          {server && <p className="note source-address">{server.address}</p>}
          <p className="facts">
            <span className={`badge ${LOOKS[state]}`}>{t(`tools.state.${state}`)}</span>
            {server && <span className="badge">{t("tools.from", { origin: server.origin })}</span>}
            {server?.agents && (
              <span className="badge">
                {t("tools.forAgents", {
                  names: server.agents.map(named).join(", ") || t("mcp.nobody"),
                })}
              </span>
            )}
          </p>
          {/* Of the built-in ones it counts also those that only some conversations have. */}
          {source.name !== "builtin" && <p className="note source-detail">{said(detail)}</p>}
        </div>
        {serverName && server && <McpActs server={server} />}
      </header>
      {error && (
        <div className="notice bad" role="alert">
          <p className="source-error">{said(error)}</p>
        </div>
      )}
      {source.name === "plugin" && tools.length > 0 && error && (
        <p className="note">{t("tools.pluginsGoOn")}</p>
      )}
      {source.name === "plugin" && tools.length === 0 && !error && (
        <p className="note">{t("tools.pluginsAbout")}</p>
      )}
      {ready.length > 0 && (
        <Tools
          summary={t("tools.count", { count: String(ready.length) })}
          tools={ready}
          open={unfolded || ready.length <= FEW}
          onTry={onTry}
        />
      )}
      {lacking.length > 0 && (
        <Tools
          summary={t("tools.lacking", { count: String(lacking.length) })}
          tools={lacking}
          open={unfolded}
          onTry={onTry}
        />
      )}
      {log.length > 0 && (
        <details className="source-log">
          <summary>
            {t("tools.log")}
            <ChevronDown aria-hidden="true" />
          </summary>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
          <pre className="trial-text" tabIndex={0}>
            {log.join("\n")}
          </pre>
        </details>
      )}
    </section>
  );
}

function Tools(props: {
  summary: string;
  tools: Tool[];
  open: boolean;
  onTry: (tool: Tool) => void;
}) {
  return (
    // Drawn anew where one looks for something: what was found is seen.
    <details className="source-tools" key={String(props.open)} open={props.open}>
      <summary>
        {props.summary}
        <ChevronDown aria-hidden="true" />
      </summary>
      <ul className="tool-list">
        {props.tools.map((tool) => (
          <ToolRow key={tool.id} tool={tool} onTry={() => props.onTry(tool)} />
        ))}
      </ul>
    </details>
  );
}

/** What a person calls a source. */
export function useSourceTitle(name: string): string {
  const { t } = useLanguage();
  const server = mcpName(name);
  const endpoint = useEndpoints().data?.endpoints.find(({ source }) => source === name);
  if (endpoint) return t("tools.source.endpoint", { name: endpoint.name });
  if (server) return t("tools.source.mcp", { name: server });
  if (name === "builtin" || name === "plugin" || name === "device")
    return t(`tools.source.${name}`);
  return name;
}

function signOf(name: string): ReactNode {
  if (mcpName(name)) return <Plug aria-hidden="true" />;
  return name === "plugin" ? <FolderCode aria-hidden="true" /> : <Blocks aria-hidden="true" />;
}
