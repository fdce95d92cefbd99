import { Link } from "react-router";
import { useLanguage } from "../i18n/language";
import { useModules } from "../memory/memory";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Page";
import { ModuleOptions } from "./ModuleOptions";

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
  return (
    <div className="stack">
      <ModuleOptions
        legend={t("agents.memory.mode")}
        group="memory-mode"
        options={data.modules.map(({ name, title, description, source, error }) => ({
          name,
          label: said(title),
          note: said(description),
          own: source === "file",
          error,
        }))}
        chosen={memory}
        gone={t("agents.memory.gone")}
        onChoose={(name) => name !== null && onChange(name)}
      />
      <p className="note">{t("agents.memory.about")}</p>
      {agent && (
        <p className="note">
          <Link to={`/app/memory?agent=${agent}`}>{t("agents.memory.look")}</Link>
        </p>
      )}
    </div>
  );
}
