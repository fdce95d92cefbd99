import { Avatar } from "../agents/Avatar";
import { useLanguage } from "../i18n/language";
import type { Agent } from "../server/agents";

interface Props {
  agents: Agent[];
  chosen: string | null;
  onChoose: (id: string) => void;
}

/** So many stand as cards with their descriptions; more stand as names, with what the chosen one is. */
const ROOMY = 3;

/** The agents as cards; a radio group to a keyboard or a screen reader. */
export function AgentPicker({ agents, chosen, onChoose }: Props) {
  const { t } = useLanguage();
  if (agents.length < 2) return null;
  return (
    <fieldset className={agents.length > ROOMY ? "agents many" : "agents"}>
      <legend className="for-readers">{t("agents.legend")}</legend>
      {agents.map((agent) => (
        <label key={agent.id} className="agent" lang={agent.language ?? undefined}>
          <input
            type="radio"
            name="agent"
            value={agent.id}
            checked={agent.id === chosen}
            onChange={() => onChoose(agent.id)}
          />
          <Avatar name={agent.name} />
          <span className="agent-name">{agent.name}</span>
          <span className="agent-about">{agent.description}</span>
        </label>
      ))}
    </fieldset>
  );
}
