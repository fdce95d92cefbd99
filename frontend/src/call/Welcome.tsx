import type { ReactNode } from "react";
import { useLanguage } from "../i18n/language";
import type { Agent } from "../server/agents";
import type { Engine, Health } from "../server/health";

interface Props {
  agent: Agent | null;
  health: Health | null;
  children: ReactNode;
}

/** Before the first word: with whom, how, and where what is said goes. */
export function Welcome({ agent, health, children }: Props) {
  const { t } = useLanguage();
  return (
    <div className="welcome">
      <h1>{t("welcome.title", { agent: agent?.name ?? "Kaikou" })}</h1>
      <p>{t("welcome.how")}</p>
      {children}
      <Privacy engines={health?.engines ?? []} />
    </div>
  );
}

/** The truth about the engines: all here, some elsewhere, or made up for a demonstration. */
function Privacy({ engines }: { engines: Engine[] }) {
  const { t } = useLanguage();
  if (engines.length === 0) return null;
  const names = (some: Engine[]) => some.map((engine) => engine.title || engine.name).join(", ");
  const remote = engines.filter((engine) => !engine.local);
  const scripted = engines.filter((engine) => engine.scripted);
  return (
    <>
      {scripted.length > 0 && (
        <p className="note">{t("welcome.scripted", { engines: names(scripted) })}</p>
      )}
      <p className="note">
        {remote.length > 0 ? t("welcome.remote", { engines: names(remote) }) : t("welcome.local")}
      </p>
    </>
  );
}
