import { useLanguage } from "../i18n/language";
import { en, type TextKey } from "../i18n/texts";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Page";
import { WideTable } from "../ui/WideTable";
import { type EngineAtWork, useEngines } from "./latency";
import { inSeconds } from "./seconds";

const LOOKS: Record<EngineAtWork["state"], string> = {
  waiting: "",
  loading: "warn",
  ready: "good",
  degraded: "warn",
  failed: "bad",
};

/** The engines behind the conversation: their health, their own time, and the lines before them. */
export function EnginesAtWork() {
  const { t, said } = useLanguage();
  const { data, error, refetch } = useEngines();
  if (error) return <Failure error={error} onRetry={() => void refetch()} />;
  if (!data) return <Loading />;
  const kindOf = (kind: string) => {
    const key = `kind.${kind}`;
    return key in en ? t(key as TextKey) : kind;
  };
  return (
    <section>
      <h2>{t("latency.engines")}</h2>
      <ul className="engines">
        {data.engines.map((engine) => (
          <li key={`${engine.kind}.${engine.name}`} className="card">
            <p className="note">{kindOf(engine.kind)}</p>
            <h3>{said(engine.title)}</h3>
            <p className="note">{said(engine.model)}</p>
            <p>
              <span className={`badge ${LOOKS[engine.state]}`}>{t(`warmup.${engine.state}`)}</span>{" "}
              <span className="badge">
                {t(engine.local ? "settings.local" : "settings.remote")}
              </span>
            </p>
            {engine.detail && <p className="note">{said(engine.detail)}</p>}
            {engine.model_time && (
              <p>
                {t("latency.modelTime", {
                  p50: inSeconds(engine.model_time.p50),
                  p95: inSeconds(engine.model_time.p95),
                })}
              </p>
            )}
            {engine.licence && <p className="note">{engine.licence}</p>}
          </li>
        ))}
      </ul>
      {data.lanes.length > 0 && (
        <WideTable label={t("latency.lanes")}>
          <caption>
            <h2>{t("latency.lanes")}</h2>
            <p className="note">{t("latency.lanesAbout")}</p>
          </caption>
          <thead>
            <tr>
              <th scope="col">{t("latency.lane")}</th>
              <th scope="col">{t("latency.running")}</th>
              <th scope="col">{t("latency.waiting")}</th>
              <th scope="col">{t("latency.limit")}</th>
            </tr>
          </thead>
          <tbody>
            {data.lanes.map((lane) => (
              <tr key={lane.lane}>
                <th scope="row">{laneName(lane.lane)}</th>
                <td>{lane.running}</td>
                <td>{lane.waiting}</td>
                <td>{lane.limit}</td>
              </tr>
            ))}
          </tbody>
        </WideTable>
      )}
    </section>
  );

  function laneName(lane: string): string {
    const key = `latency.lane.${lane}`;
    return key in en ? t(key as TextKey) : lane;
  }
}
