import { useLanguage } from "../i18n/language";
import { Field } from "../ui/Field";
import type { AgentFields } from "./agents";
import { EngineFields } from "./EngineFields";
import { VoiceField } from "./VoiceField";

const MOST = { name: 80, description: 1_000, greeting: 1_000, prompt: 16_000 };
const LANGUAGES = ["en", "zh"];

interface Props {
  fields: AgentFields;
  set: (change: Partial<AgentFields>) => void;
}

/** Name, character, first words, voice, language, engines of its own. */
export function CharacterFields({ fields, set }: Props) {
  const { t } = useLanguage();
  return (
    <div className="agent-fields">
      <Field label={t("agents.name")}>
        {(control) => (
          <input
            {...control}
            value={fields.name}
            required
            maxLength={MOST.name}
            onChange={(event) => set({ name: event.target.value })}
          />
        )}
      </Field>
      <Field label={t("agents.description")} hint={t("agents.descriptionHint")}>
        {(control) => (
          <input
            {...control}
            value={fields.description}
            maxLength={MOST.description}
            onChange={(event) => set({ description: event.target.value })}
          />
        )}
      </Field>
      <Field label={t("agents.prompt")} hint={t("agents.promptHint")}>
        {(control) => (
          <textarea
            {...control}
            rows={10}
            value={fields.prompt}
            required
            maxLength={MOST.prompt}
            onChange={(event) => set({ prompt: event.target.value })}
          />
        )}
      </Field>
      <Field label={t("agents.greeting")} hint={t("agents.greetingHint")}>
        {(control) => (
          <input
            {...control}
            value={fields.greeting}
            maxLength={MOST.greeting}
            onChange={(event) => set({ greeting: event.target.value })}
          />
        )}
      </Field>
      <div className="side-by-side">
        <Field label={t("agents.language")}>
          {(control) => (
            <select
              {...control}
              value={fields.language ?? ""}
              onChange={(event) => set({ language: event.target.value || null })}
            >
              <option value="">{t("agents.follows")}</option>
              <LanguageOptions chosen={fields.language} />
            </select>
          )}
        </Field>
        <VoiceField
          voice={fields.voice}
          language={fields.language}
          sample={fields.greeting}
          onChange={(voice) => set({ voice })}
        />
      </div>
      <EngineFields engines={fields.engines} onChange={(engines) => set({ engines })} />
    </div>
  );
}

/** The languages Kaikou leads with, and the agent's own where it is another. */
function LanguageOptions({ chosen }: { chosen: string | null }) {
  const { language } = useLanguage();
  const names = new Intl.DisplayNames([language === "zh" ? "zh-CN" : "en"], { type: "language" });
  const codes = chosen && !LANGUAGES.includes(chosen) ? [...LANGUAGES, chosen] : LANGUAGES;
  return codes.map((code) => (
    <option key={code} value={code}>
      {names.of(code) ?? code}
    </option>
  ));
}
