import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Failure } from "../ui/Failure";
import { RecordButton } from "./RecordButton";
import { type Speaker, useEnrol } from "./speakers";
import { VoiceFile } from "./VoiceFile";

interface Props {
  speaker: Speaker;
  needed: number;
  onClose: () => void;
}

/** A voice is learned from a few spoken sentences. */
export function EnrolDialog({ speaker, needed, onClose }: Props) {
  const { t, said } = useLanguage();
  const enrol = useEnrol(speaker.id);
  const take = (file: File) => enrol.mutate(file);
  return (
    <Dialog
      open
      title={t("speakers.enrolTitle", { name: speaker.name })}
      about={t("speakers.enrolAbout", { needed: String(needed) })}
      onClose={onClose}
    >
      <blockquote className="to-read">{t("speakers.read")}</blockquote>
      <RecordButton disabled={enrol.isPending} onRecorded={take} />
      <VoiceFile disabled={enrol.isPending} onChosen={take} />
      <div aria-live="polite" className="stack">
        {enrol.isPending && <p className="note">{t("speakers.learning")}</p>}
        {enrol.error && <Failure error={enrol.error} />}
        {enrol.data && (
          <>
            <p className={speaker.ready ? "notice" : "notice warn"}>
              {t(speaker.ready ? "speakers.known" : "speakers.added", {
                name: speaker.name,
                added: String(enrol.data.added),
                count: String(speaker.utterances),
                needed: String(needed),
              })}
            </p>
            {enrol.data.refused.map((one) => (
              <p key={one.message} className="note">
                {said(one.message)}
              </p>
            ))}
          </>
        )}
      </div>
      <div className="dialog-actions">
        <Button look={speaker.ready ? "primary" : "plain"} onClick={onClose}>
          {t("ui.close")}
        </Button>
      </div>
    </Dialog>
  );
}
