import { useAgentList } from "../agents/agents";
import { useLanguage } from "../i18n/language";
import { Field } from "../ui/Field";
import { usePeople } from "./memory";
import { ownOwner } from "./owners";
import { useWhoName } from "./useWhoName";

interface Props {
  /** Empty: every agent, everybody. */
  agent: string;
  who: string;
  /** What stands for all of them; without it one must be chosen. */
  all?: { agents: string; people: string };
  onChoose: (change: { agent?: string; who?: string }) => void;
}

/** Whose memory: of which agent, about whom. */
export function WhoseFields({ agent, who, all, onChoose }: Props) {
  const { t } = useLanguage();
  const nameOf = useWhoName();
  const agents = useAgentList().data?.agents ?? [];
  const people = usePeople().data?.people ?? [];
  const names = new Map(all ? [] : [[ownOwner(), ""]]);
  if (who !== "") names.set(who, who);
  for (const one of people) names.set(one.who, one.who_name);
  return (
    <>
      <Field label={t("memory.agent")}>
        {(control) => (
          <select
            {...control}
            value={agent}
            onChange={(event) => onChoose({ agent: event.target.value })}
          >
            {all && <option value="">{all.agents}</option>}
            {agents.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label={t("memory.who")}>
        {(control) => (
          <select
            {...control}
            value={who}
            onChange={(event) => onChoose({ who: event.target.value })}
          >
            {all && <option value="">{all.people}</option>}
            {[...names].map(([id, name]) => (
              <option key={id} value={id}>
                {nameOf(id, name)}
              </option>
            ))}
          </select>
        )}
      </Field>
    </>
  );
}
