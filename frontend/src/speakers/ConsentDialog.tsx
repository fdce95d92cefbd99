import { useState } from "react";
import { useLanguage } from "../i18n/language";
import { Field } from "../ui/Field";
import { FormDialog } from "../ui/FormDialog";
import { NameField } from "./NameField";
import { useAddSpeaker } from "./speakers";

interface Props {
  /** The words agreed to, by language. */
  texts: Record<string, string>;
  onAdded: (id: string) => void;
  onClose: () => void;
}

/** Somebody new, who has to agree first. */
export function ConsentDialog({ texts, onAdded, onClose }: Props) {
  const { t, language } = useLanguage();
  const add = useAddSpeaker();
  const [name, setName] = useState("");
  const [by, setBy] = useState("");
  const [agreed, setAgreed] = useState(false);
  const text = texts[language] ?? texts.en ?? "";

  function submit() {
    const wanted = { name: name.trim(), consent: { by: by.trim() || name.trim(), text } };
    add.mutate(wanted, {
      onSuccess: ({ id }) => {
        onClose();
        onAdded(id);
      },
    });
  }

  return (
    <FormDialog
      title={t("speakers.add")}
      about={t("speakers.addAbout")}
      onClose={onClose}
      request={add}
      ready={agreed && name.trim() !== ""}
      action={t("speakers.agree")}
      onSubmit={submit}
    >
      <NameField name={name} onChange={setName} />
      <Field label={t("speakers.by")} hint={t("speakers.byHint")}>
        {(control) => (
          <input
            {...control}
            maxLength={100}
            placeholder={name}
            value={by}
            onChange={(event) => setBy(event.target.value)}
          />
        )}
      </Field>
      <label className="option">
        <input
          type="checkbox"
          checked={agreed}
          onChange={(event) => setAgreed(event.target.checked)}
        />
        <span>{text}</span>
      </label>
    </FormDialog>
  );
}
