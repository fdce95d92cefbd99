import { Waterfall } from "../call/Waterfall";
import type { Line } from "../conversation/conversation";
import { useLanguage } from "../i18n/language";

/** What both sides said. Not a live region: in a call one hears it, and hearing it twice is noise. */
export function Captions({ lines, agent }: { lines: Line[]; agent: string }) {
  const { t } = useLanguage();
  return (
    <>
      <h1 className="for-readers">{t("welcome.title", { agent })}</h1>
      {lines.length === 0 && <p className="note captions-empty">{t("captions.empty")}</p>}
      <ol className="captions" aria-label={t("captions.label")}>
        {lines.map((line) => (
          <li key={line.id} className={`line ${line.role} ${line.state}`}>
            <span className="speaker">{line.role === "user" ? t("captions.you") : agent}</span>
            <p>
              {line.emoji && <span aria-hidden="true">{line.emoji} </span>}
              {line.text}
              {line.state === "cut" && <span className="cut-mark"> — {t("captions.cut")}</span>}
            </p>
            {line.metrics && <Waterfall metrics={line.metrics} />}
          </li>
        ))}
      </ol>
    </>
  );
}
