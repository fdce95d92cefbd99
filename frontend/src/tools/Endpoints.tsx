import { Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { useAgentList } from "../agents/agents";
import { CopyButton } from "../chat/CopyButton";
import { AgentField } from "../devices/AgentField";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { Confirm, Dialog } from "../ui/Dialog";
import { Failure } from "../ui/Failure";
import { Field } from "../ui/Field";
import { FormDialog } from "../ui/FormDialog";
import { useToast } from "../ui/Toasts";
import { useFailed } from "../ui/useFailed";
import { type Endpoint, useEndpoints, useMakeEndpoint, useRevokeEndpoint } from "./endpoints";

/** Addresses that third-party MCP servers dial in to. */
export function Endpoints() {
  const { t } = useLanguage();
  const { data, error, refetch } = useEndpoints();
  const [making, setMaking] = useState(false);
  return (
    <section className="stack" aria-labelledby="endpoints-title">
      <div className="page-head">
        <div>
          <h2 id="endpoints-title">{t("endpoints.title")}</h2>
          <p className="note">{t("endpoints.about")}</p>
        </div>
        <Button icon={<Plus />} onClick={() => setMaking(true)}>
          {t("endpoints.new")}
        </Button>
      </div>
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      <ul className="rows">
        {data?.endpoints.map((one) => (
          <EndpointRow key={one.id} endpoint={one} />
        ))}
      </ul>
      {making && <EndpointDialog onClose={() => setMaking(false)} />}
    </section>
  );
}

function EndpointRow({ endpoint }: { endpoint: Endpoint }) {
  const { t } = useLanguage();
  const say = useToast();
  const onError = useFailed();
  const revoke = useRevokeEndpoint();
  const [asking, setAsking] = useState(false);
  const agent = useAgentList().data?.agents.find(({ id }) => id === endpoint.agent_id)?.name;
  const { name, connections } = endpoint;
  return (
    <li className="card tool">
      <div className="tool-text">
        <h3>{name}</h3>
        <p className="facts">
          <span className={connections > 0 ? "badge good" : "badge"}>
            {connections > 0
              ? t("endpoints.connected", { count: String(connections) })
              : t("endpoints.nobody")}
          </span>
          {agent && <span className="badge">{t("tools.forAgents", { names: agent })}</span>}
        </p>
      </div>
      <Button
        look="quiet"
        small
        icon={<Trash2 />}
        label={t("endpoints.revoke", { name })}
        onClick={() => setAsking(true)}
      />
      <Confirm
        open={asking}
        danger
        title={t("endpoints.revokeTitle", { name })}
        about={t("endpoints.revokeAbout")}
        action={t("endpoints.revokeAction")}
        onConfirm={() =>
          revoke.mutate(endpoint.id, {
            onError,
            onSuccess: () => say({ text: t("endpoints.revoked", { name }) }),
          })
        }
        onClose={() => setAsking(false)}
      />
    </li>
  );
}

function EndpointDialog({ onClose }: { onClose: () => void }) {
  const { t } = useLanguage();
  const make = useMakeEndpoint();
  const [name, setName] = useState("");
  const [agent, setAgent] = useState<string | null>(null);

  function submit() {
    make.mutate({ name: name.trim(), agent });
  }

  if (make.data) {
    const { url } = make.data;
    return (
      <Dialog open title={t("endpoints.made")} about={t("endpoints.madeAbout")} onClose={onClose}>
        <p className="ota">
          <code className="copied">{url}</code>
          <CopyButton text={url} label={t("endpoints.copy")} />
        </p>
        <div className="dialog-actions">
          <Button look="primary" onClick={onClose}>
            {t("ui.close")}
          </Button>
        </div>
      </Dialog>
    );
  }
  return (
    <FormDialog
      title={t("endpoints.new")}
      about={t("endpoints.about")}
      onClose={onClose}
      request={make}
      ready={name.trim() !== ""}
      action={t("endpoints.make")}
      onSubmit={submit}
    >
      <Field label={t("mcp.name")}>
        {(control) => (
          <input
            {...control}
            required
            maxLength={60}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        )}
      </Field>
      <AgentField agent={agent} onChange={setAgent} />
    </FormDialog>
  );
}
