import { type ComponentProps, useState } from "react";
import { useLanguage } from "../i18n/language";
import { Field } from "./Field";

interface Props extends Pick<ComponentProps<typeof Field>, "label" | "hint" | "error"> {
  accept: string;
  disabled?: boolean;
  /** It is used at once: another may be chosen, and no name stays. */
  atOnce?: boolean;
  onChoose: (file: File | null) => void;
}

/** A file to choose. The browser's own field speaks the browser's language, not the page's. */
export function FileField({ accept, disabled, atOnce, onChoose, ...field }: Props) {
  const { t } = useLanguage();
  const [name, setName] = useState("");
  return (
    <Field {...field}>
      {(control) => (
        <span className="file-field">
          <input
            {...control}
            className="for-readers"
            type="file"
            accept={accept}
            disabled={disabled}
            onChange={(event) => {
              const chosen = event.target.files?.[0] ?? null;
              if (atOnce) event.target.value = "";
              else setName(chosen?.name ?? "");
              onChoose(chosen);
            }}
          />
          <label htmlFor={control.id} className="button small">
            {t("ui.chooseFile")}
          </label>
          <span className="note">{name}</span>
        </span>
      )}
    </Field>
  );
}
