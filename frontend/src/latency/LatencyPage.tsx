import { useQueryClient } from "@tanstack/react-query";
import { Gauge, RefreshCw } from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { Failure } from "../ui/Failure";
import { Field } from "../ui/Field";
import { Empty, Loading, Page } from "../ui/Page";
import { WideTable } from "../ui/WideTable";
import { EnginesAtWork } from "./EnginesAtWork";
import { Histogram } from "./Histogram";
import { type Latency, type Surface, useLatency } from "./latency";
import { RecentTurns } from "./RecentTurns";
import { StageTable } from "./StageTable";
import { inSeconds } from "./seconds";
import "./latency.css";

const HOUR = 3_600;
const WINDOWS = { hour: HOUR, day: 24 * HOUR, week: 7 * 24 * HOUR, month: 30 * 24 * HOUR };
type Window = keyof typeof WINDOWS;

/** How fast the conversation is: figures, histograms, every turn's waterfall, the engines behind. */
export function LatencyPage() {
  const { t } = useLanguage();
  const client = useQueryClient();
  const [window, setWindow] = useState<Window>("day");
  const [surface, setSurface] = useState<Surface>("realtime");
  const { data, error, refetch, isFetching } = useLatency(WINDOWS[window], surface);
  return (
    <Page
      title={t("latency.title")}
      about={t("latency.about")}
      actions={
        <Button
          icon={<RefreshCw />}
          disabled={isFetching}
          onClick={() => void client.invalidateQueries()}
        >
          {t("latency.refresh")}
        </Button>
      }
    >
      <div className="choices">
        <Field label={t("latency.window")}>
          {(control) => (
            <select
              {...control}
              value={window}
              onChange={(event) => setWindow(event.target.value as Window)}
            >
              {(Object.keys(WINDOWS) as Window[]).map((one) => (
                <option key={one} value={one}>
                  {t(`latency.window.${one}`)}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label={t("latency.surface")}>
          {(control) => (
            <select
              {...control}
              value={surface}
              onChange={(event) => setSurface(event.target.value as Surface)}
            >
              <option value="realtime">{t("latency.surface.realtime")}</option>
              <option value="chat">{t("latency.surface.chat")}</option>
              <option value="">{t("latency.surface.any")}</option>
            </select>
          )}
        </Field>
      </div>
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Loading />}
      {data?.count === 0 && (
        <Empty icon={<Gauge aria-hidden="true" />} title={t("latency.empty")}>
          <p>{t("latency.emptyHint")}</p>
          <Link className="button primary" to="/">
            {t("call.start")}
          </Link>
        </Empty>
      )}
      {data && data.count > 0 && <Figures latency={data} written={surface === "chat"} />}
      <EnginesAtWork />
    </Page>
  );
}

function Figures({ latency, written }: { latency: Latency; written: boolean }) {
  const { t } = useLanguage();
  const histogram = t(written ? "latency.histogramWritten" : "latency.histogram");
  const { total, speculation, queued } = latency;
  const rate = speculation.hit_rate;
  return (
    <>
      <dl className="tiles">
        <Tile name={t("latency.turns")} value={String(latency.count)} />
        <Tile
          name={t(written ? "latency.medianWritten" : "latency.median")}
          value={inSeconds(total.p50)}
          about={t(written ? "latency.medianWrittenAbout" : "latency.medianAbout")}
        />
        <Tile
          name={t(written ? "latency.p95Written" : "latency.p95")}
          value={inSeconds(total.p95)}
          about={t("latency.p95About")}
        />
        <Tile
          name={t("latency.queued")}
          value={inSeconds(queued.p95)}
          about={t("latency.queuedAbout")}
        />
        <Tile
          name={t("latency.speculation")}
          value={rate === null ? "–" : `${Math.round(rate * 100)} %`}
          about={t("latency.speculationAbout", {
            gain: inSeconds(speculation.gain_p50),
            wasted: String(speculation.thrown_away),
          })}
        />
      </dl>
      <section className="card">
        <h2>{histogram}</h2>
        <Histogram spread={total} bounds={latency.bounds} label={histogram} />
      </section>
      <StageTable latency={latency} />
      <Groups latency={latency} />
      <RecentTurns turns={latency.turns} />
    </>
  );
}

function Tile({ name, value, about }: { name: string; value: string; about?: string }) {
  return (
    <div className="tile card">
      <dt>{name}</dt>
      <dd>{value}</dd>
      {about && <dd className="note">{about}</dd>}
    </div>
  );
}

/** The same figures apart for each agent and each set of engines, where there are several. */
function Groups({ latency }: { latency: Latency }) {
  const { t } = useLanguage();
  const tables = [
    { name: t("latency.byAgent"), groups: latency.by_agent },
    { name: t("latency.byEngines"), groups: latency.by_engines },
  ].filter(({ groups }) => groups.length > 1);
  return tables.map(({ name, groups }) => (
    <WideTable key={name} label={name}>
      <caption>
        <h2>{name}</h2>
      </caption>
      <thead>
        <tr>
          <th scope="col">{t("latency.who")}</th>
          <th scope="col">{t("latency.turns")}</th>
          <th scope="col">p50</th>
          <th scope="col">p95</th>
        </tr>
      </thead>
      <tbody>
        {groups.map((group) => (
          <tr key={group.key}>
            <th scope="row">{group.label || group.key}</th>
            <td>{group.count}</td>
            <td>{inSeconds(group.p50)}</td>
            <td>{inSeconds(group.p95)}</td>
          </tr>
        ))}
      </tbody>
    </WideTable>
  ));
}
