import { useAgentList } from "../agents/agents";
import { useLanguage } from "../i18n/language";
import { Field } from "../ui/Field";

interface Props {
  /** null: the server's default agent. */
  agent: string | null;
  onChange: (agent: string | null) => void;
}

/** Who answers on a device. */
export function AgentField({ agent, onChange }: Props) {
  const { t } = useLanguage();
  const { data } = useAgentList();
  const agents = data?.agents ?? [];
  const usual = agents.find(({ id }) => id === data?.default)?.name ?? "";
  return (
    <Field label={t("devices.agent")}>
      {(control) => (
        <select
          {...control}
          value={agent ?? ""}
          onChange={(event) => onChange(event.target.value || null)}
        >
          <option value="">{t("devices.defaultAgent", { name: usual })}</option>
          {agent && data && agents.every(({ id }) => id !== agent) && (
            <option value={agent}>{t("devices.agentGone")}</option>
          )}
          {agents.map((one) => (
            <option key={one.id} value={one.id}>
              {one.name}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
