import { Link } from "react-router";
import { Waterfall } from "../call/Waterfall";
import { useLanguage } from "../i18n/language";
import { localeOf } from "../i18n/locale";
import type { Turn } from "./latency";

/** The newest turns, each with the picture of where its time went. */
export function RecentTurns({ turns }: { turns: Turn[] }) {
  const { t, language } = useLanguage();
  const time = new Intl.DateTimeFormat(localeOf(language), {
    // Of numbers alone nobody knows which is the month.
    dateStyle: "medium",
    timeStyle: "medium",
  });
  return (
    <section>
      <h2>{t("latency.recent")}</h2>
      <ol className="turns">
        {turns.map((turn) => (
          <li key={turn.id} className="card turn">
            <p className="turn-head">
              <Link to={`/app/c/${turn.conversation_id}`}>
                {turn.conversation_title || t("latency.untitled")}
              </Link>
              <span className="note">
                <time dateTime={turn.created_at}>{time.format(new Date(turn.created_at))}</time>
                {` · ${turn.surface}`}
              </span>
              {turn.status !== "completed" && (
                <span className="badge warn">{t("latency.cut")}</span>
              )}
              {turn.speculated && <span className="badge good">{t("latency.early")}</span>}
            </p>
            {turn.total === null ? (
              <p className="note">{t("latency.noSound")}</p>
            ) : (
              <Waterfall
                metrics={{
                  total: turn.total,
                  speculations: turn.speculations,
                  stages: turn.stages,
                }}
              />
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}
