import { Brain, Ear, Lock, MessageCircle } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Page";
import { useToast } from "../ui/Toasts";
import { ProviderDialog } from "./ProviderDialog";
import { type Provider, type ProviderKind, useChoose, useProviders } from "./providers";

const SIGNS: Record<ProviderKind, ReactNode> = {
  stt: <Ear aria-hidden="true" />,
  llm: <Brain aria-hidden="true" />,
  tts: <MessageCircle aria-hidden="true" />,
};

/** Ear, mind and mouth: who serves each, and the way to somebody better. */
export function Providers() {
  const { data, error, refetch } = useProviders();
  if (error) return <Failure error={error} onRetry={() => void refetch()} />;
  if (!data) return <Loading />;
  return (
    <div className="providers">
      {data.kinds.map((provider) => (
        <ProviderCard key={provider.kind} provider={provider} />
      ))}
    </div>
  );
}

function ProviderCard({ provider }: { provider: Provider }) {
  const { t, said } = useLanguage();
  const say = useToast();
  const [open, setOpen] = useState(false);
  const choose = useChoose(provider.kind);
  const { kind, switching } = provider;
  const title = t(`settings.kind.${kind}`);

  function goBack() {
    choose.mutate(null, {
      onSuccess: () => say({ text: t("settings.reset.done", { kind: title }) }),
    });
  }

  return (
    <section className="card provider" aria-labelledby={`provider-${kind}`}>
      <span className="sign">{SIGNS[kind]}</span>
      <div className="provider-text">
        <h2 id={`provider-${kind}`}>{title}</h2>
        <p className="provider-name">
          {said(provider.title)}
          {provider.model && <span className="note"> · {said(provider.model)}</span>}
        </p>
        <p className="provider-facts">
          <span className={`badge ${STATE_LOOK[provider.state]}`}>
            {t(`warmup.${provider.state}`)}
          </span>
          <span className="badge">{t(provider.local ? "settings.local" : "settings.remote")}</span>
          {provider.locked && (
            <span className="badge" title={provider.origin}>
              <Lock size={12} aria-hidden="true" /> {t("settings.locked")}
            </span>
          )}
        </p>
        {provider.detail && <p className="note">{said(provider.detail)}</p>}
        {provider.locked && (
          <p className="note">{t("settings.lockedBy", { origin: said(provider.origin) })}</p>
        )}
        {kind === "llm" && provider.engine === "llama" && (
          <p className="note">{t("settings.basicModel")}</p>
        )}
        {switching && <Switching switching={switching} choices={provider.choices} />}
        {choose.error && <Failure error={choose.error} />}
      </div>
      <div className="provider-actions">
        <Button disabled={provider.locked} onClick={() => setOpen(true)}>
          {t("settings.change")}
          <span className="for-readers">: {title}</span>
        </Button>
        {provider.saved && (
          <Button look="quiet" small disabled={choose.isPending} onClick={goBack}>
            {t("settings.reset")}
          </Button>
        )}
      </div>
      {open && <ProviderDialog provider={provider} onClose={() => setOpen(false)} />}
    </section>
  );
}

const STATE_LOOK: Record<Provider["state"], string> = {
  waiting: "",
  loading: "warn",
  ready: "good",
  degraded: "warn",
  failed: "bad",
};

/** Another engine is on its way in; the present one serves until it is there. */
function Switching(props: {
  switching: NonNullable<Provider["switching"]>;
  choices: Provider["choices"];
}) {
  const { t, said } = useLanguage();
  const { engine, state, detail, progress, error } = props.switching;
  const title = props.choices.find((choice) => choice.engine === engine)?.title ?? engine;
  if (state === "failed") {
    return (
      <div className="notice bad" role="alert">
        <p>
          {t("settings.switchFailed", { engine: title })} {said(error?.message ?? "")}{" "}
          {said(error?.hint ?? "")}
        </p>
      </div>
    );
  }
  return (
    <div className="switching" role="status">
      <p className="note">
        {t("settings.switching", { engine: title })} {said(detail)}
      </p>
      <progress aria-label={title} max={1} {...(progress === null ? {} : { value: progress })} />
    </div>
  );
}
