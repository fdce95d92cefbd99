import { type Translate, useLanguage } from "../i18n/language";
import { en, type TextKey } from "../i18n/texts";
import type { Engine, Server } from "../server/health";

/** What the first start fetches and loads, and how far it is. */
export function WarmUp({ server }: { server: Server }) {
  const { t } = useLanguage();
  if (!server.reachable) return <p className="problem">{t("problem.unreachable")}</p>;
  const engines = server.health?.engines ?? [];
  return (
    <div className="warmup">
      <h2>{t("warmup.title")}</h2>
      <p className="note">{t("warmup.note")}</p>
      <ul>
        {engines.map((engine) => (
          <li key={`${engine.kind}.${engine.name}`} className={engine.state}>
            <span className="warmup-name">{kindName(engine, t)}</span>
            <progress
              aria-label={kindName(engine, t)}
              max={1}
              {...(engine.state === "ready" ? { value: 1 } : barOf(engine))}
            />
            <span className="warmup-state">{engine.detail || t(`warmup.${engine.state}`)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** A bar without a value moves: loading, but nobody knows how far. */
function barOf(engine: Engine): { value?: number } {
  if (engine.progress !== null) return { value: engine.progress };
  return engine.state === "loading" ? {} : { value: 0 };
}

function kindName(engine: Engine, t: Translate): string {
  const key = `kind.${engine.kind}`;
  return key in en ? t(key as TextKey) : engine.title || engine.name;
}
