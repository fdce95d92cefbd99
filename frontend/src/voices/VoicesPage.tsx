import { Blend, ChevronDown, Search } from "lucide-react";
import { useState } from "react";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { Failure } from "../ui/Failure";
import { Field } from "../ui/Field";
import { FindField } from "../ui/FindField";
import { Empty, Loading, Page } from "../ui/Page";
import { BlendEditor } from "./BlendEditor";
import { byLanguage, isAccent } from "./groups";
import { usePreviews } from "./previewPlayer";
import { VoiceRow } from "./VoiceRow";
import { languageName, useVoices, type Voice } from "./voices";
import "./voices.css";

const MAX_SAMPLE = 300;

/** Every voice: find it, hear it say one's own words, blend new ones. */
export function VoicesPage() {
  const { t, language } = useLanguage();
  const { data, error, refetch } = useVoices();
  const previews = usePreviews();
  const [sought, setSought] = useState("");
  const [speaks, setSpeaks] = useState("");
  const [gender, setGender] = useState("");
  const [sample, setSample] = useState("");
  /** The blend being edited; null for a new one; undefined where no editor is open. */
  const [editing, setEditing] = useState<Voice | null | undefined>(undefined);
  const voices = data?.voices ?? [];
  const languages = [...new Set(voices.flatMap((voice) => voice.languages))].sort();
  const words = sought.trim().toLowerCase();
  const found = voices.filter(
    (voice) =>
      (!speaks || voice.languages.includes(speaks)) &&
      (!gender || voice.gender === gender) &&
      `${voice.name} ${voice.id} ${voice.description}`.toLowerCase().includes(words),
  );
  const own = found.filter((voice) => voice.kind === "blend");
  const usualIds = Object.values(data?.default ?? {});
  const usual = found.filter((voice) => voice.kind === "packaged" && usualIds.includes(voice.id));
  const groups = byLanguage(
    found.filter((voice) => voice.kind === "packaged" && !usual.includes(voice)),
    language,
  );
  const narrowed = words !== "" || speaks !== "" || gender !== "";
  function headingOf(code: string, some: Voice[]): string {
    const name = code ? languageName(code, language) : t("voices.packaged");
    return some.every(isAccent) ? t("voices.accents", { language: name }) : name;
  }
  const list = (some: Voice[]) => (
    <ul className="voices">
      {some.map((voice) => (
        <VoiceRow
          key={voice.id}
          voice={voice}
          previews={previews}
          sample={sample.trim()}
          defaultFor={Object.entries(data?.default ?? {})
            .filter(([, id]) => id === voice.id)
            .map(([code]) => languageName(code, language))}
          onEdit={() => setEditing(voice)}
        />
      ))}
    </ul>
  );
  return (
    <Page
      title={t("voices.title")}
      about={t("voices.about")}
      actions={
        data?.blends && (
          <Button look="primary" icon={<Blend />} onClick={() => setEditing(null)}>
            {t("voices.blend")}
          </Button>
        )
      }
    >
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {previews.state.error !== null && <Failure error={previews.state.error} />}
      {!data && !error && <Loading />}
      {data && (
        <>
          <div className="voice-filter">
            <FindField label={t("voices.find")} value={sought} onChange={setSought} />
            <Field label={t("voices.language")}>
              {(control) => (
                <select
                  {...control}
                  value={speaks}
                  onChange={(event) => setSpeaks(event.target.value)}
                >
                  <option value="">{t("voices.any")}</option>
                  {languages.map((code) => (
                    <option key={code} value={code}>
                      {languageName(code, language)}
                    </option>
                  ))}
                </select>
              )}
            </Field>
            <Field label={t("voices.gender")}>
              {(control) => (
                <select
                  {...control}
                  value={gender}
                  onChange={(event) => setGender(event.target.value)}
                >
                  <option value="">{t("voices.any")}</option>
                  <option value="female">{t("voices.female")}</option>
                  <option value="male">{t("voices.male")}</option>
                </select>
              )}
            </Field>
            <Field label={t("voices.sample")}>
              {(control) => (
                <input
                  {...control}
                  value={sample}
                  maxLength={MAX_SAMPLE}
                  placeholder={t("voices.sampleHint")}
                  onChange={(event) => setSample(event.target.value)}
                />
              )}
            </Field>
          </div>
          <p role="status" className="note">
            {t("voices.count", { count: String(found.length) })}
          </p>
          {found.length === 0 && (
            <Empty icon={<Search aria-hidden="true" />} title={t("voices.none")}>
              <Button
                onClick={() => {
                  setSought("");
                  setSpeaks("");
                  setGender("");
                }}
              >
                {t("voices.clear")}
              </Button>
            </Empty>
          )}
          {own.length > 0 && (
            <section>
              <h2>{t("voices.own")}</h2>
              {list(own)}
            </section>
          )}
          {usual.length > 0 && (
            <section>
              <h2>{t("voices.usual")}</h2>
              {list(usual)}
            </section>
          )}
          {groups.map(({ code, voices: some }, index) => (
            // Opened anew where one looks for something: what was found is seen.
            <details
              key={`${code}-${narrowed}`}
              className="voice-group"
              open={narrowed || index === 0}
            >
              <summary>
                <h2>{headingOf(code, some)}</h2>
                <span className="badge">{some.length}</span>
                <ChevronDown aria-hidden="true" />
              </summary>
              {list(some)}
            </details>
          ))}
        </>
      )}
      {data && editing !== undefined && (
        <BlendEditor voices={data.voices} blend={editing} onClose={() => setEditing(undefined)} />
      )}
    </Page>
  );
}
