import { Check, CircleAlert } from "lucide-react";
import { Link } from "react-router";
import { type Translate, useLanguage } from "../i18n/language";
import { en, type TextKey } from "../i18n/texts";
import type { Engine, Server } from "../server/health";
import { type Model, useNeededModels, useRetryModels } from "../server/models";
import { Button } from "../ui/Button";
import { Failure } from "../ui/Failure";
import { bytes, span } from "./amounts";
import "./warmup.css";

/** The first start: what is fetched and loaded, how far it is, and what can be done meanwhile. */
export function WarmUp({ server }: { server: Server }) {
  const { t } = useLanguage();
  const models = useNeededModels(server.reachable);
  const retry = useRetryModels();
  if (!server.reachable) {
    return (
      <p className="notice bad" role="alert">
        {t("problem.unreachable")}
      </p>
    );
  }
  const engines = server.health?.engines ?? [];
  const fetching = models.filter((model) => model.state !== "installed");
  const failed = engines.some((engine) => engine.state === "failed");
  return (
    <section className="warmup" aria-labelledby="warmup-title">
      <h2 id="warmup-title">{t(failed ? "warmup.stuck" : "warmup.title")}</h2>
      <p className="note">{t("warmup.note")}</p>
      <ul>
        {fetching.map((model) => (
          <ModelRow
            key={model.id}
            model={model}
            onRetry={() => retry.mutate({ model: model.id })}
          />
        ))}
        {engines.map((engine) => (
          <EngineRow
            key={`${engine.kind}.${engine.name}`}
            engine={engine}
            fetching={fetching.length > 0}
            onRetry={() => retry.mutate({ kind: engine.kind })}
          />
        ))}
      </ul>
      {retry.error && <Failure error={retry.error} />}
      <p className="note">
        {t("warmup.meanwhile")} <Link to="/app/agents">{t("agents.title")}</Link>
        {" · "}
        <Link to="/app/settings">{t("settings.title")}</Link>
      </p>
    </section>
  );
}

function ModelRow({ model, onRetry }: { model: Model; onRetry: () => void }) {
  const { t, said, language } = useLanguage();
  const licence = t("warmup.licence", { licence: model.licence.weights });
  return (
    <li className={model.state}>
      <span className="warmup-name">
        {model.title}
        <span className="warmup-facts">
          {bytes(model.total, language)} · {licence}
        </span>
      </span>
      <progress aria-label={model.title} max={model.total} value={model.done} />
      <span className="warmup-state">
        {model.error
          ? said(`${model.error.message} ${model.error.hint}`.trim())
          : stateOf(model, t, language)}
      </span>
      {model.state === "failed" && (
        <Button small onClick={onRetry}>
          {t("ui.retry")}
        </Button>
      )}
    </li>
  );
}

function stateOf(model: Model, t: Translate, language: string): string {
  if (model.state === "downloading") return downloading(model, t, language);
  return t(model.state === "checking" ? "warmup.checking" : "warmup.waiting");
}

function downloading(model: Model, t: Translate, language: string): string {
  const { done, total, rate, remaining_seconds } = model;
  const parts = [
    t("warmup.of", { done: bytes(done, language), total: bytes(total, language) }),
    rate ? t("warmup.rate", { rate: bytes(rate, language) }) : "",
    remaining_seconds ? t("warmup.left", { time: span(remaining_seconds, language) }) : "",
  ];
  return parts.filter(Boolean).join(" · ");
}

interface EngineRowProps {
  engine: Engine;
  /** The models above tell the details. */
  fetching: boolean;
  onRetry: () => void;
}

function EngineRow({ engine, fetching, onRetry }: EngineRowProps) {
  const { t } = useLanguage();
  const { state } = engine;
  const ready = state === "ready" || state === "degraded";
  return (
    <li className={state}>
      <span className="warmup-name">{kindName(engine, t)}</span>
      {ready ? (
        <span className="warmup-done">
          <Check aria-hidden="true" />
          {t(`warmup.${state}`)}
        </span>
      ) : state === "failed" ? (
        <CircleAlert className="warmup-bad" aria-hidden="true" />
      ) : (
        <progress aria-label={kindName(engine, t)} max={1} {...barOf(engine)} />
      )}
      {!ready && (
        <span className="warmup-state">
          {(!fetching || state === "failed" ? engine.detail : "") || t(`warmup.${state}`)}
        </span>
      )}
      {state === "failed" && (
        <Button small onClick={onRetry}>
          {t("ui.retry")}
        </Button>
      )}
    </li>
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
