import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Failure } from "../ui/Failure";
import { RecordButton } from "./RecordButton";
import { useIdentify } from "./speakers";
import { VoiceFile } from "./VoiceFile";

/** Whose voice is it? Nothing of it is kept. */
export function IdentifyDialog({ onClose }: { onClose: () => void }) {
  const { t } = useLanguage();
  const identify = useIdentify();
  const ask = (file: File) => identify.mutate(file);
  const { data } = identify;
  return (
    <Dialog open title={t("speakers.who")} about={t("speakers.whoAbout")} onClose={onClose}>
      <RecordButton disabled={identify.isPending} onRecorded={ask} />
      <VoiceFile disabled={identify.isPending} onChosen={ask} />
      <div aria-live="polite" className="stack">
        {identify.isPending && <p className="note">{t("speakers.learning")}</p>}
        {identify.error && <Failure error={identify.error} />}
        {data && (
          <>
            <p className="notice">
              {data.speaker ? t("speakers.is", { name: data.speaker.name }) : t("speakers.nobody")}
            </p>
            <ul className="note scores">
              {data.scores.map(({ id, name, score }) => (
                <li key={id}>
                  {t("speakers.score", {
                    name,
                    // Rounded down: what falls just short must not look as if it were enough.
                    score: (Math.floor(score * 100) / 100).toFixed(2),
                    threshold: data.threshold.toFixed(2),
                  })}
                </li>
              ))}
            </ul>
          </>
        )}
      </div>
      <div className="dialog-actions">
        <Button onClick={onClose}>{t("ui.close")}</Button>
      </div>
    </Dialog>
  );
}
