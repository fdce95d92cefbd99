import { useLanguage } from "../i18n/language";
import { en, type TextKey } from "../i18n/texts";
import { WideTable } from "../ui/WideTable";
import { Histogram } from "./Histogram";
import type { Latency } from "./latency";
import { inSeconds } from "./seconds";

/** Each stage of a turn: when it was done, how long it took itself, how long it waited. */
export function StageTable({ latency }: { latency: Latency }) {
  const { t } = useLanguage();
  const nameOf = (stage: string) => {
    const key = `stage.${stage}`;
    return key in en ? t(key as TextKey) : stage;
  };
  return (
    <WideTable label={t("latency.stages")}>
      <caption>
        <h2>{t("latency.stages")}</h2>
        <p className="note">{t("latency.stagesAbout")}</p>
      </caption>
      <thead>
        <tr>
          <th scope="col">{t("timing.stage")}</th>
          <th scope="col">{t("latency.done")}</th>
          <th scope="col">{t("latency.doneP95")}</th>
          <th scope="col">{t("latency.took")}</th>
          <th scope="col">{t("latency.waited")}</th>
          <th scope="col">{t("latency.spreadColumn")}</th>
        </tr>
      </thead>
      <tbody>
        {latency.stages.map((stage) => (
          <tr key={stage.name}>
            <th scope="row">{nameOf(stage.name)}</th>
            <td>{inSeconds(stage.done.p50)}</td>
            <td>{inSeconds(stage.done.p95)}</td>
            <td>{inSeconds(stage.took.p50)}</td>
            <td>{inSeconds(stage.queued.p95)}</td>
            <td>
              <Histogram
                small
                spread={stage.done}
                bounds={latency.bounds}
                label={nameOf(stage.name)}
              />
            </td>
          </tr>
        ))}
      </tbody>
    </WideTable>
  );
}
