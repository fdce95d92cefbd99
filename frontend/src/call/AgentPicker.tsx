import type { CSSProperties } from "react";
import { useLanguage } from "../i18n/language";
import type { Agent } from "../server/agents";

interface Props {
  agents: Agent[];
  chosen: string | null;
  onChoose: (id: string) => void;
}

/** The agents as cards; a radio group to a keyboard or a screen reader. */
export function AgentPicker({ agents, chosen, onChoose }: Props) {
  const { t } = useLanguage();
  if (agents.length < 2) return null;
  return (
    <fieldset className="agents">
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
          <span className="agent-face" style={faceOf(agent.id)} aria-hidden="true">
            {Array.from(agent.name)[0]}
          </span>
          <span className="agent-name">{agent.name}</span>
          <span className="agent-about">{agent.description}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** A colour of one's own, the same on every visit. */
function faceOf(id: string): CSSProperties {
  let hue = 150;
  for (const letter of id) hue = (hue * 31 + (letter.codePointAt(0) ?? 0)) % 360;
  return { "--hue": hue } as CSSProperties;
}
