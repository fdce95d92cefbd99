import { useState } from "react";
import { useNavigate } from "react-router";
import { useLanguage } from "../i18n/language";
import { Field } from "../ui/Field";
import { FormDialog } from "../ui/FormDialog";
import { type Base, useSaveBase } from "./knowledge";

/** Name and description of a base; null makes a new one, and opens it. */
export function BaseDialog({ base, onClose }: { base: Base | null; onClose: () => void }) {
  const { t } = useLanguage();
  const navigate = useNavigate();
  const save = useSaveBase(base?.id ?? null);
  const [name, setName] = useState(base?.name ?? "");
  const [description, setDescription] = useState(base?.description ?? "");

  function submit() {
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
    <FormDialog
      title={t(base ? "knowledge.rename" : "knowledge.new")}
      onClose={onClose}
      request={save}
      ready={name.trim() !== ""}
      onSubmit={submit}
    >
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
    </FormDialog>
  );
}
