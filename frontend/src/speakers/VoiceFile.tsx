import { useLanguage } from "../i18n/language";
import { Field } from "../ui/Field";

/** A recording from elsewhere. */
export function VoiceFile(props: { disabled: boolean; onChosen: (file: File) => void }) {
  const { t } = useLanguage();
  return (
    <Field label={t("speakers.file")}>
      {(control) => (
        <input
          {...control}
          type="file"
          accept="audio/*"
          disabled={props.disabled}
          onChange={(event) => {
            const chosen = event.target.files?.[0];
            event.target.value = "";
            if (chosen) props.onChosen(chosen);
          }}
        />
      )}
    </Field>
  );
}
