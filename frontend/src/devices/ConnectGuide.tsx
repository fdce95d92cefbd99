import { ChevronDown, Radio } from "lucide-react";
import { CopyButton } from "../chat/CopyButton";
import { useLanguage } from "../i18n/language";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Page";
import { useSetup } from "./devices";

/** How to point a device at this server; unfolded while there is none. */
export function ConnectGuide({ first }: { first: boolean }) {
  const { t } = useLanguage();
  if (!first) {
    return (
      <details className="connect-more">
        <summary>
          {t("devices.connectAnother")}
          <ChevronDown aria-hidden="true" />
        </summary>
        <Steps />
      </details>
    );
  }
  return (
    <section className="card connect" aria-labelledby="connect-title">
      <h2 id="connect-title">
        <Radio aria-hidden="true" /> {t("devices.empty")}
      </h2>
      <p className="note">{t("devices.emptyAbout")}</p>
      <Steps />
    </section>
  );
}

function Steps() {
  const { t } = useLanguage();
  const { data, error, refetch } = useSetup();
  if (error) return <Failure error={error} onRetry={() => void refetch()} />;
  if (!data) return <Loading />;
  if (!data.enabled) return <p className="notice warn">{t("devices.switchedOff")}</p>;
  return (
    <ol className="connect-steps">
      {data.here_only && (
        <li>
          <p>{t("devices.step.open")}</p>
          <code className="copied">KAIKOU_HOST=0.0.0.0 KAIKOU_PASSWORD=…</code>
        </li>
      )}
      {data.tls && <li>{t("devices.step.tls")}</li>}
      <li>
        <p>{t("devices.step.ota")}</p>
        {data.ota.map((address) => (
          <p key={address} className="ota">
            <code className="copied">{address}</code>
            <CopyButton text={address} label={t("devices.copyAddress", { address })} />
          </p>
        ))}
      </li>
      <li>{t("devices.step.start", { minutes: String(data.code_minutes) })}</li>
      <li>{t("devices.step.bind")}</li>
      <li>{t("devices.step.speak")}</li>
    </ol>
  );
}
