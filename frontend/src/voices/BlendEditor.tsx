import { Plus, X } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Failure } from "../ui/Failure";
import { Field } from "../ui/Field";
import { useToast } from "../ui/Toasts";
import { blendOf, type Part, startingParts, toShares } from "./blend";
import { PlayButton } from "./PlayButton";
import { usePreviews } from "./previewPlayer";
import { useSaveBlend, type Voice } from "./voices";

interface Props {
  voices: Voice[];
  /** The blend to change; null makes a new one. */
  blend: Voice | null;
  onClose: () => void;
}

const MOST_PARTS = 8;

/** Mix voices with sliders, hear the mixture at once, keep it under a name. */
export function BlendEditor({ voices, blend, onClose }: Props) {
  const { t } = useLanguage();
  const say = useToast();
  const save = useSaveBlend(blend?.id ?? null);
  const previews = usePreviews();
  const pure = voices.filter((voice) => voice.kind === "packaged");
  const [name, setName] = useState(blend?.name ?? "");
  const [about, setAbout] = useState(blend?.description ?? "");
  const [parts, setParts] = useState<Part[]>(() => startingParts(blend, pure));
  const [text, setText] = useState("");
  const shares = toShares(parts);
  const mixture = blendOf(parts);
  const usable = Object.keys(mixture).length > 0;
  const change = (at: number, part: Part) => {
    previews.player.stop();
    setParts(parts.map((old, index) => (index === at ? part : old)));
  };

  function submit(event: FormEvent) {
    event.preventDefault();
    save.mutate(
      { name: name.trim(), description: about.trim(), parts: mixture },
      {
        onSuccess: (voice) => {
          say({ text: t("voices.saved", { name: voice.name }) });
          onClose();
        },
      },
    );
  }

  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={t(blend ? "voices.editTitle" : "voices.blendTitle")}
      about={t("voices.blendAbout")}
    >
      <form className="blend" onSubmit={submit}>
        <ul className="parts">
          {parts.map((part, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a part is its place; its voice may change
            <li key={at} className="part">
              <select
                className="input"
                aria-label={t("voices.partVoice", { number: String(at + 1) })}
                value={part.voice}
                onChange={(event) => change(at, { ...part, voice: event.target.value })}
              >
                {pure.map((voice) => (
                  <option key={voice.id} value={voice.id}>
                    {voice.name} ({voice.languages.join(", ")})
                  </option>
                ))}
              </select>
              <input
                type="range"
                min={0}
                max={100}
                step={5}
                aria-label={t("voices.partWeight", { number: String(at + 1) })}
                aria-valuetext={`${shares[at]} %`}
                value={part.weight}
                onChange={(event) => change(at, { ...part, weight: Number(event.target.value) })}
              />
              <output>{shares[at]} %</output>
              <Button
                look="quiet"
                small
                icon={<X />}
                label={t("voices.removePart", { number: String(at + 1) })}
                disabled={parts.length < 3}
                onClick={() => setParts(parts.filter((_, index) => index !== at))}
              />
            </li>
          ))}
        </ul>
        {parts.length < MOST_PARTS && (
          <Button
            small
            icon={<Plus />}
            className="add-part"
            onClick={() => setParts([...parts, { voice: nextVoice(pure, parts), weight: 50 }])}
          >
            {t("voices.addPart")}
          </Button>
        )}
        <div className="try">
          <PlayButton
            {...previews}
            id="blend"
            name={name || t("voices.mixture")}
            disabled={!usable}
            sample={{ parts: mixture, ...(text.trim() ? { text: text.trim() } : {}) }}
          />
          <Field label={t("voices.sample")}>
            {(control) => (
              <input
                {...control}
                value={text}
                maxLength={300}
                placeholder={t("voices.sampleHint")}
                onChange={(event) => setText(event.target.value)}
              />
            )}
          </Field>
        </div>
        {previews.state.error !== null && <Failure error={previews.state.error} />}
        <Field label={t("voices.name")}>
          {(control) => (
            <input
              {...control}
              value={name}
              required
              maxLength={80}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        <Field label={t("voices.description")}>
          {(control) => (
            <input
              {...control}
              value={about}
              maxLength={200}
              onChange={(event) => setAbout(event.target.value)}
            />
          )}
        </Field>
        {save.error && <Failure error={save.error} />}
        <div className="dialog-actions">
          <Button onClick={onClose}>{t("ui.cancel")}</Button>
          <Button type="submit" look="primary" disabled={!usable || !name.trim() || save.isPending}>
            {t("ui.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function nextVoice(pure: Voice[], parts: Part[]): string {
  const free = pure.find((voice) => parts.every((part) => part.voice !== voice.id));
  return (free ?? pure[0])?.id ?? "";
}
