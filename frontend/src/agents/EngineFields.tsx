import { useLanguage } from "../i18n/language";
import { type ProviderKind, useProviders } from "../settings/providers";
import { Field } from "../ui/Field";

interface Props {
  engines: Record<string, string>;
  onChange: (engines: Record<string, string>) => void;
}

const KINDS: ProviderKind[] = ["stt", "llm", "tts"];

/** Engines of an agent's own, where the server's choice should not serve. */
export function EngineFields({ engines, onChange }: Props) {
  const { t } = useLanguage();
  const { data } = useProviders();
  const set = (kind: string, engine: string) => {
    const { [kind]: _, ...others } = engines;
    onChange(engine ? { ...others, [kind]: engine } : others);
  };
  return (
    <details className="advanced">
      <summary>{t("agents.engines")}</summary>
      <p className="note">{t("agents.enginesHint")}</p>
      <div className="side-by-side">
        {KINDS.map((kind) => {
          const provider = data?.kinds.find((one) => one.kind === kind);
          const chosen = engines[kind] ?? "";
          const choices = provider?.choices.filter((one) => one.type !== "auto") ?? [];
          return (
            <Field key={kind} label={t(`settings.kind.${kind}`)}>
              {(control) => (
                <select
                  {...control}
                  value={chosen}
                  onChange={(event) => set(kind, event.target.value)}
                >
                  <option value="">{t("agents.usualEngine")}</option>
                  {chosen && choices.every((one) => one.engine !== chosen) && (
                    <option value={chosen}>{chosen}</option>
                  )}
                  {choices.map((one) => (
                    <option key={one.engine} value={one.engine}>
                      {one.title}
                    </option>
                  ))}
                </select>
              )}
            </Field>
          );
        })}
      </div>
    </details>
  );
}
