import { Plus } from "lucide-react";
import { useNavigate, useParams } from "react-router";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { Failure } from "../ui/Failure";
import { Loading, Page } from "../ui/Page";
import { AgentCard } from "./AgentCard";
import { AgentEditor } from "./AgentEditor";
import { useAgentList } from "./agents";
import "./agents.css";

/** Everybody one can talk with; `/app/agents/{id}` opens one of them, `/app/agents/new` a new one. */
export function AgentsPage() {
  const { t } = useLanguage();
  const { agentId } = useParams();
  const navigate = useNavigate();
  const { data, error, refetch } = useAgentList();
  const agent = data?.agents.find((one) => one.id === agentId);
  if (data && agentId && (agent || agentId === "new")) {
    return <AgentEditor key={agentId} agent={agent ?? null} />;
  }
  return (
    <Page
      title={t("agents.title")}
      about={t("agents.about")}
      actions={
        <Button look="primary" icon={<Plus />} onClick={() => void navigate("/app/agents/new")}>
          {t("agents.new")}
        </Button>
      }
    >
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Loading />}
      {data && agentId && (
        <p className="notice warn" role="alert">
          {t("agents.gone")}
        </p>
      )}
      <ul className="agent-list">
        {data?.agents.map((one) => (
          <AgentCard key={one.id} agent={one} isDefault={one.id === data.default} />
        ))}
      </ul>
    </Page>
  );
}
