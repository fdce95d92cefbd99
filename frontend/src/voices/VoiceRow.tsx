import { Copy, Pencil, Trash2 } from "lucide-react";
import { problemOfRequest } from "../conversation/problem";
import { useLanguage } from "../i18n/language";
import { problemText } from "../server/problem";
import { Menu, MenuItem } from "../ui/Menu";
import { useToast } from "../ui/Toasts";
import { remark } from "./groups";
import { PlayButton } from "./PlayButton";
import type { usePreviews } from "./previewPlayer";
import { languageName, useDeleteVoice, useRestoreVoice, type Voice } from "./voices";

interface Props {
  voice: Voice;
  previews: ReturnType<typeof usePreviews>;
  /** The listener's own words; empty for the voice's usual sample. */
  sample: string;
  /** Languages whose usual voice this is. */
  defaultFor: string[];
  onEdit: () => void;
}

export function VoiceRow({ voice, previews, sample, defaultFor, onEdit }: Props) {
  const { t, said, language } = useLanguage();
  const say = useToast();
  const remove = useDeleteVoice();
  const restore = useRestoreVoice();
  const facts = [
    voice.languages.map((code) => languageName(code, language)).join(", "),
    voice.gender && t(`voices.${voice.gender}`),
    said(remark(voice)),
  ];

  function failed(error: unknown) {
    say({ text: problemText(problemOfRequest(error), t, said), bad: true });
  }

  function forget() {
    remove.mutate(voice, {
      onError: failed,
      onSuccess: () =>
        say({
          text: t("voices.deleted", { name: voice.name }),
          action: {
            label: t("ui.undo"),
            run: () => restore.mutate(voice, { onError: failed }),
          },
        }),
    });
  }

  return (
    <li className="voice card">
      <PlayButton
        {...previews}
        id={voice.id}
        name={voice.name}
        sample={{ voice: voice.id, ...(sample ? { text: sample } : {}) }}
      />
      <div className="voice-text">
        <h3>
          {voice.name}{" "}
          {defaultFor.map((name) => (
            <span key={name} className="badge good">
              {t("voices.default", { language: name })}
            </span>
          ))}
        </h3>
        <p className="note">{facts.filter(Boolean).join(" · ")}</p>
        {voice.kind === "blend" && <Parts parts={voice.parts} />}
      </div>
      <Menu label={t("voices.menu", { name: voice.name })}>
        <MenuItem
          icon={<Copy />}
          onSelect={() => {
            void navigator.clipboard.writeText(voice.id);
            say({ text: t("voices.copied", { id: voice.id }) });
          }}
        >
          {t("voices.copy")}
        </MenuItem>
        {voice.kind === "blend" && (
          <>
            <MenuItem icon={<Pencil />} onSelect={onEdit}>
              {t("voices.edit")}
            </MenuItem>
            <MenuItem icon={<Trash2 />} danger onSelect={forget}>
              {t("ui.delete")}
            </MenuItem>
          </>
        )}
      </Menu>
    </li>
  );
}

/** What a blend is made of, as one bar. */
function Parts({ parts }: { parts: Record<string, number> }) {
  const shares = Object.entries(parts).sort(([, a], [, b]) => b - a);
  return (
    <p className="note">
      {shares.map(([id, share]) => `${id} ${Math.round(share * 100)} %`).join(" + ")}
    </p>
  );
}
