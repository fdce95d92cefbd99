import { type FormEvent, useState } from "react";
import { useNavigate } from "react-router";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Failure } from "../ui/Failure";
import { Field } from "../ui/Field";
import { type Base, useSaveBase } from "./knowledge";

/** Name and description of a base; null makes a new one, and opens it. */
export function BaseDialog({ base, onClose }: { base: Base | null; onClose: () => void }) {
  const { t } = useLanguage();
  const navigate = useNavigate();
  const save = useSaveBase(base?.id ?? null);
  const [name, setName] = useState(base?.name ?? "");
  const [description, setDescription] = useState(base?.description ?? "");

  function submit(event: FormEvent) {
    event.preventDefault();
    save.mutate(
      { name: name.trim(), description: description.trim() },
      {
        onSuccess: ({ id }) => {
          onClose();
          if (!base) void navigate(`/app/knowledge/${id}`);
        },
      },
    );
  }

  return (
    <Dialog open title={t(base ? "knowledge.rename" : "knowledge.new")} onClose={onClose}>
      <form className="stack" onSubmit={submit}>
        <Field label={t("knowledge.name")} hint={t("knowledge.nameHint")}>
          {(control) => (
            <input
              {...control}
              required
              maxLength={80}
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        <Field label={t("knowledge.description")} hint={t("knowledge.descriptionHint")}>
          {(control) => (
            <input
              {...control}
              maxLength={1_000}
              value={description}
              onChange={(event) => setDescription(event.target.value)}
            />
          )}
        </Field>
        {save.error && <Failure error={save.error} />}
        <div className="dialog-actions">
          <Button onClick={onClose}>{t("ui.cancel")}</Button>
          <Button type="submit" look="primary" disabled={name.trim() === "" || save.isPending}>
            {t("ui.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
