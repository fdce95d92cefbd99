import { useLanguage } from "../i18n/language";
import { Field } from "../ui/Field";

interface Props {
  name: string;
  onChange: (name: string) => void;
}

/** What a person known by voice is called. */
export function NameField({ name, onChange }: Props) {
  const { t } = useLanguage();
  return (
    <Field label={t("speakers.name")}>
      {(control) => (
        <input
          {...control}
          required
          maxLength={100}
          value={name}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}
