import { Plus, Search } from "lucide-react";
import { useState } from "react";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { Failure } from "../ui/Failure";
import { FindField } from "../ui/FindField";
import { Empty, Loading, Page } from "../ui/Page";
import { Deciding } from "./Deciding";
import { Endpoints } from "./Endpoints";
import { McpDialog } from "./McpDialog";
import { SourceCard } from "./SourceCard";
import { SwitchedOff } from "./SwitchedOff";
import { TrialDialog } from "./TrialDialog";
import {
  callTool,
  matching,
  mcpName,
  ofLanguage,
  type Tool,
  troubledFirst,
  useMcpServers,
  useTools,
} from "./tools";
import "./tools.css";

/** Where tools come from, how each source does, and each tool to try. */
export function ToolsPage() {
  const { t, said, language } = useLanguage();
  const { data, error, refetch } = useTools();
  const servers = useMcpServers().data;
  const [sought, setSought] = useState("");
  const [adding, setAdding] = useState(false);
  const [tried, setTried] = useState<{ source: string; tool: Tool } | null>(null);
  // An endpoint that nobody has dialled in to stands among the endpoints below, with nothing to tell.
  const used = (data?.sources ?? []).filter(
    ({ name, tools, error }) => !name.startsWith("endpoint:") || tools.length > 0 || error !== "",
  );
  const sources = troubledFirst(matching(used, sought));
  return (
    <Page
      title={t("tools.title")}
      about={t("tools.about")}
      actions={
        <Button look="primary" icon={<Plus />} onClick={() => setAdding(true)}>
          {t("mcp.add")}
        </Button>
      }
    >
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Loading />}
      {data && (
        <>
          <FindField label={t("tools.find")} value={sought} onChange={setSought} />
          {sources.length === 0 && (
            <Empty icon={<Search aria-hidden="true" />} title={t("tools.none")}>
              <Button onClick={() => setSought("")}>{t("tools.showAll")}</Button>
            </Empty>
          )}
          {sources.map((source) => (
            <SourceCard
              key={source.name}
              source={source}
              server={servers?.servers.find(({ name }) => name === mcpName(source.name))}
              unfolded={sought.trim() !== ""}
              onTry={(tool) => setTried({ source: source.name, tool })}
            />
          ))}
          {servers && sought.trim() === "" && (
            <>
              <SwitchedOff servers={servers.servers} file={servers.file} />
              <Endpoints />
              <Deciding />
            </>
          )}
        </>
      )}
      {tried && (
        <TrialDialog
          key={tried.tool.id}
          title={said(tried.tool.title || tried.tool.name)}
          about={ofLanguage(tried.tool.description, language)}
          parameters={tried.tool.parameters}
          note={t("tools.note")}
          call={(values) => callTool(tried.source, tried.tool.name, values, language)}
          onClose={() => setTried(null)}
        />
      )}
      {adding && <McpDialog file={servers?.file ?? "mcp.json"} onClose={() => setAdding(false)} />}
    </Page>
  );
}
