import { ChevronDown, Zap } from "lucide-react";
import { Link } from "react-router";
import { type Translate, useLanguage } from "../i18n/language";
import { en, type TextKey } from "../i18n/texts";
import type { Metrics, Stage } from "../realtime/events";
import "./waterfall.css";

const NOTICEABLE_SECONDS = 0.001;

/** Where the time of one turn went: a bar for each stage, with waiting in queues paler. */
export function Waterfall({ metrics }: { metrics: Metrics }) {
  const { t } = useLanguage();
  const { stages } = metrics;
  if (stages.length === 0) return null;
  const first = Math.min(0, ...stages.map((stage) => stage.start));
  const span = Math.max(0.001, ...stages.map((stage) => stage.end)) - first;
  const waited = stages.some((stage) => stage.queued >= NOTICEABLE_SECONDS);
  const share = (seconds: number) => `${(100 * seconds) / span}%`;
  return (
    <details className="timing">
      <summary>
        <Zap aria-hidden="true" />
        {t("timing.summary", { seconds: metrics.total.toFixed(2) })}
        <ChevronDown className="timing-arrow" aria-hidden="true" />
      </summary>
      <div className="timing-card">
        <table>
          <caption>{t("timing.caption")}</caption>
          <thead className="for-readers">
            <tr>
              <th scope="col">{t("timing.stage")}</th>
              <th scope="col">{t("timing.from")}</th>
              <th scope="col">{t("timing.took")}</th>
            </tr>
          </thead>
          <tbody>
            {stages.map((stage) => (
              <tr key={stage.name}>
                <th scope="row">{stageName(stage, t)}</th>
                <td className="track">
                  <span
                    className="bar"
                    style={{
                      left: `min(${share(stage.start - first)}, 100% - 3px)`,
                      width: share(stage.end - stage.start),
                    }}
                  >
                    <span className="queued" style={{ width: queuedShare(stage) }} />
                  </span>
                  <span className="for-readers">{milliseconds(stage.start, t)}</span>
                </td>
                <td className="took">
                  {milliseconds(stage.end - stage.start, t)}
                  {stage.queued >= NOTICEABLE_SECONDS && (
                    <span className="for-readers">
                      , {milliseconds(stage.queued, t)} {t("timing.queued")}
                    </span>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        <div className="timing-foot">
          {waited && (
            <span>
              <span className="timing-waiting" aria-hidden="true" /> {t("timing.waiting")}
            </span>
          )}
          <Link to="/app/performance">{t("timing.more")}</Link>
        </div>
      </div>
    </details>
  );
}

function stageName(stage: Stage, t: Translate): string {
  const key = `stage.${stage.name}`;
  return key in en ? t(key as TextKey) : stage.name;
}

function queuedShare(stage: Stage): string {
  const took = stage.end - stage.start;
  return took > 0 ? `${Math.min(100, (100 * stage.queued) / took)}%` : "0%";
}

function milliseconds(seconds: number, t: Translate): string {
  return t("timing.ms", { ms: String(Math.round(seconds * 1000)) });
}
