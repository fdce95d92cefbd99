import { Lock, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import type { CallStore } from "../conversation/store";
import { useLanguage } from "../i18n/language";
import type { Agent } from "../server/agents";
import type { Engine, Health } from "../server/health";
import { Orb } from "./Orb";
import { suggestionsFor } from "./suggestions";
import "./welcome.css";

interface Props {
  store: CallStore;
  agent: Agent | null;
  health: Health | null;
  ready: boolean;
  /** What stands here is known; before, it would only be moved about by what comes. */
  settled: boolean;
  /** With whom; what is still being loaded; the button. */
  children: ReactNode;
  onStart: () => void;
  onWrite: (text: string) => void;
}

/** Before the first word: with whom, how, and where what is said goes. */
export function Welcome(props: Props) {
  const { store, agent, health, ready, settled, children, onStart, onWrite } = props;
  const { t, language } = useLanguage();
  const spoken = agent?.language ?? language;
  return (
    <div className={settled ? "welcome" : "welcome coming"}>
      {/* A shortcut for the pointer; the button below says what it does. */}
      <button
        type="button"
        className="welcome-orb"
        aria-hidden="true"
        tabIndex={-1}
        disabled={!ready}
        onClick={onStart}
      >
        <Orb store={store} floor={ready ? "idle" : "starting"} />
      </button>
      <h1>{t("welcome.title", { agent: agent?.name ?? "Kaikou" })}</h1>
      <p className="welcome-how">{t("welcome.how")}</p>
      {children}
      <Privacy engines={health?.engines ?? []} />
      {ready && (
        <section className="suggestions" aria-label={t("welcome.try")}>
          {suggestionsFor(spoken).map((text) => (
            <button key={text} type="button" lang={spoken} onClick={() => onWrite(text)}>
              {text}
            </button>
          ))}
        </section>
      )}
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
    <div className="privacy">
      {scripted.length > 0 && (
        <p className="note">
          <TriangleAlert aria-hidden="true" />
          {t("welcome.scripted")}
        </p>
      )}
      <p className="note">
        <Lock aria-hidden="true" />
        {remote.length > 0 ? t("welcome.remote", { engines: names(remote) }) : t("welcome.local")}
      </p>
    </div>
  );
}
