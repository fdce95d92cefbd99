import { Mic, Pencil, RotateCcw, Trash2 } from "lucide-react";
import { useState } from "react";
import { Avatar } from "../agents/Avatar";
import { ago, moment } from "../i18n/ago";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { Confirm } from "../ui/Dialog";
import { FormDialog } from "../ui/FormDialog";
import { Menu, MenuItem } from "../ui/Menu";
import { useFailed } from "../ui/useFailed";
import { NameField } from "./NameField";
import { type Speaker, useDeleteSpeaker, useRenameSpeaker, useStartOver } from "./speakers";

interface Props {
  speaker: Speaker;
  needed: number;
  enabled: boolean;
  onRecord: () => void;
}

/** Somebody known by voice: how well, since when, with which consent. */
export function SpeakerRow({ speaker, needed, enabled, onRecord }: Props) {
  const { t, language } = useLanguage();
  const onError = useFailed();
  const remove = useDeleteSpeaker();
  const again = useStartOver();
  const [asking, setAsking] = useState<"delete" | "again" | null>(null);
  const [naming, setNaming] = useState(false);
  const { id, name, utterances, ready, consent, last_heard } = speaker;
  return (
    <li className="card person">
      <Avatar name={name} />
      <div className="memory-text">
        <h2>{name}</h2>
        <p className="facts">
          <span className={ready ? "badge good" : "badge warn"}>
            {ready
              ? t("speakers.ready")
              : t("speakers.more", { count: String(utterances), needed: String(needed) })}
          </span>
          {last_heard && (
            <span className="note">
              {t("speakers.heard", { when: ago(last_heard, new Date(), language) })}
            </span>
          )}
        </p>
        <p className="note">
          {t("speakers.consent", { by: consent.by, when: moment(consent.at, language) })}
        </p>
      </div>
      <div className="row-acts">
        <Button small icon={<Mic />} disabled={!enabled} onClick={onRecord}>
          {t("speakers.enrol")}
          <span className="for-readers">: {name}</span>
        </Button>
        <Menu label={t("speakers.menu", { name })}>
          <MenuItem icon={<Pencil />} onSelect={() => setNaming(true)}>
            {t("speakers.rename")}
          </MenuItem>
          {utterances > 0 && (
            <MenuItem icon={<RotateCcw />} onSelect={() => setAsking("again")}>
              {t("speakers.again")}
            </MenuItem>
          )}
          <MenuItem icon={<Trash2 />} danger onSelect={() => setAsking("delete")}>
            {t("ui.delete")}
          </MenuItem>
        </Menu>
      </div>
      <Confirm
        open={asking !== null}
        danger
        title={t(asking === "again" ? "speakers.againTitle" : "speakers.deleteTitle", { name })}
        about={t("speakers.forGood")}
        action={t(asking === "again" ? "speakers.again" : "ui.delete")}
        onConfirm={() => (asking === "again" ? again : remove).mutate(id, { onError })}
        onClose={() => setAsking(null)}
      />
      {naming && <NameDialog speaker={speaker} onClose={() => setNaming(false)} />}
    </li>
  );
}

function NameDialog({ speaker, onClose }: { speaker: Speaker; onClose: () => void }) {
  const { t } = useLanguage();
  const rename = useRenameSpeaker(speaker.id);
  const [name, setName] = useState(speaker.name);

  function submit() {
    rename.mutate(name.trim(), { onSuccess: onClose });
  }

  return (
    <FormDialog
      title={t("speakers.rename")}
      onClose={onClose}
      request={rename}
      ready={name.trim() !== ""}
      onSubmit={submit}
    >
      <NameField name={name} onChange={setName} />
    </FormDialog>
  );
}
