import { type FormEvent, useState } from "react";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Failure } from "../ui/Failure";
import { Field } from "../ui/Field";
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

  function submit(event: FormEvent) {
    event.preventDefault();
    const wanted = { name: name.trim(), consent: { by: by.trim() || name.trim(), text } };
    add.mutate(wanted, {
      onSuccess: ({ id }) => {
        onClose();
        onAdded(id);
      },
    });
  }

  return (
    <Dialog open title={t("speakers.add")} about={t("speakers.addAbout")} onClose={onClose}>
      <form className="stack" onSubmit={submit}>
        <Field label={t("speakers.name")}>
          {(control) => (
            <input
              {...control}
              required
              maxLength={100}
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
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
        {add.error && <Failure error={add.error} />}
        <div className="dialog-actions">
          <Button onClick={onClose}>{t("ui.cancel")}</Button>
          <Button
            type="submit"
            look="primary"
            disabled={!agreed || name.trim() === "" || add.isPending}
          >
            {t("speakers.agree")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
