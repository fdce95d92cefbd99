import { useLanguage } from "../i18n/language";
import { FileField } from "../ui/FileField";

/** A recording from elsewhere. */
export function VoiceFile(props: { disabled: boolean; onChosen: (file: File) => void }) {
  const { t } = useLanguage();
  return (
    <FileField
      label={t("speakers.file")}
      accept="audio/*"
      disabled={props.disabled}
      atOnce
      onChoose={(file) => file && props.onChosen(file)}
    />
  );
}
