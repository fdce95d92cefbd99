import { useLanguage } from "../i18n/language";
import { KNOWN, useWays } from "../tools/ways";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Page";

interface Props {
  /** Null for what the settings say. */
  intent: string | null;
  onChange: (intent: string | null) => void;
}

/** What decides about an agent's tools before it answers. */
export function IntentChoice({ intent, onChange }: Props) {
  const { t, said } = useLanguage();
  const { data, error, refetch } = useWays();
  if (error) return <Failure error={error} onRetry={() => void refetch()} />;
  if (!data) return <Loading />;
  const named = (name: string) => {
    const known = KNOWN[name];
    return known ? t(known) : t("deciding.file", { name });
  };
  const gone = intent !== null && data.modules.every(({ name }) => name !== intent);
  return (
    <fieldset className="options">
      <legend className="field-label">{t("deciding.title")}</legend>
      <label className="option">
        <input
          type="radio"
          name="intent"
          checked={intent === null}
          onChange={() => onChange(null)}
        />
        <span>
          {t("agents.intent.settings")} <span className="note">{named(data.chosen)}</span>
        </span>
      </label>
      {data.modules.map(({ name, source, error: wrong }) => (
        <label key={name} className="option">
          <input
            type="radio"
            name="intent"
            checked={intent === name}
            onChange={() => onChange(name)}
          />
          <span>
            {named(name)}
            {source === "file" && <span className="badge">{t("agents.memory.file")}</span>}
            {wrong && <span className="field-error"> {said(wrong)}</span>}
          </span>
        </label>
      ))}
      {gone && (
        <label className="option">
          <input type="radio" name="intent" checked readOnly />
          <span>
            {intent} <span className="badge warn">{t("agents.intent.gone")}</span>
          </span>
        </label>
      )}
    </fieldset>
  );
}
