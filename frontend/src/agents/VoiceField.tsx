import { useLanguage } from "../i18n/language";
import { Field } from "../ui/Field";
import { PlayButton } from "../voices/PlayButton";
import { usePreviews } from "../voices/previewPlayer";
import { useVoices } from "../voices/voices";

interface Props {
  voice: string | null;
  language: string | null;
  /** What it says when it is tried: the agent's greeting. */
  sample: string;
  onChange: (voice: string | null) => void;
}

/** An agent's voice, with a button to hear it. */
export function VoiceField({ voice, language, sample, onChange }: Props) {
  const { t } = useLanguage();
  const { data } = useVoices();
  const previews = usePreviews();
  const voices = data?.voices ?? [];
  const fitting = voices.filter(
    (one) => !language || one.languages.some((code) => code.startsWith(language)),
  );
  const known = fitting.some((one) => one.id === voice);
  const heard = voice ?? data?.default[language ?? "en"];
  const name = voices.find((one) => one.id === heard)?.name ?? t("agents.usualVoice");
  return (
    <div className="voice-field">
      <Field label={t("agents.voice")}>
        {(control) => (
          <select
            {...control}
            value={voice ?? ""}
            onChange={(event) => onChange(event.target.value || null)}
          >
            <option value="">{t("agents.usualVoice")}</option>
            {voice && !known && <option value={voice}>{voice}</option>}
            {fitting.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name} ({one.languages.join(", ")})
              </option>
            ))}
          </select>
        )}
      </Field>
      <PlayButton
        {...previews}
        id="agent"
        name={name}
        disabled={!heard}
        sample={{ voice: heard ?? "", ...(sample ? { text: sample.slice(0, 300) } : {}) }}
      />
    </div>
  );
}
