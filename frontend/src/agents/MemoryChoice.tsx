import { Link } from "react-router";
import { useLanguage } from "../i18n/language";
import { useModules } from "../memory/memory";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Page";

interface Props {
  /** The agent's id; null for a new one. */
  agent: string | null;
  memory: string;
  onChange: (memory: string) => void;
}

/** How an agent remembers people. */
export function MemoryChoice({ agent, memory, onChange }: Props) {
  const { t, said } = useLanguage();
  const { data, error, refetch } = useModules();
  if (error) return <Failure error={error} onRetry={() => void refetch()} />;
  if (!data) return <Loading />;
  const known = data.modules.some(({ name }) => name === memory);
  return (
    <div className="stack">
      <fieldset className="options">
        <legend className="field-label">{t("agents.memory.mode")}</legend>
        {data.modules.map((one) => (
          <label key={one.name} className="option">
            <input
              type="radio"
              name="memory-mode"
              checked={memory === one.name}
              onChange={() => onChange(one.name)}
            />
            <span>
              {said(one.title)}
              {one.source === "file" && <span className="badge">{t("agents.memory.file")}</span>}
              <span className="note"> {said(one.description)}</span>
              {one.error && <span className="field-error"> {one.error}</span>}
            </span>
          </label>
        ))}
        {!known && (
          <label className="option">
            <input type="radio" name="memory-mode" checked readOnly />
            <span>
              {memory} <span className="badge warn">{t("agents.memory.gone")}</span>
            </span>
          </label>
        )}
      </fieldset>
      <p className="note">{t("agents.memory.about")}</p>
      {agent && (
        <p className="note">
          <Link to={`/app/memory?agent=${agent}`}>{t("agents.memory.look")}</Link>
        </p>
      )}
    </div>
  );
}
