import { useLanguage } from "../i18n/language";
import { Field } from "../ui/Field";
import type { Argument, Wrong } from "./schema";

interface Props {
  all: Argument[];
  written: Record<string, string>;
  wrong: Record<string, Wrong>;
  onWrite: (name: string, text: string) => void;
}

/** A control for each argument of a tool. */
export function SchemaForm({ all, written, wrong, onWrite }: Props) {
  const { t, said } = useLanguage();
  return all.map((one) => {
    const problem = wrong[one.name];
    const value = written[one.name] ?? one.initial;
    const write = (event: { target: { value: string } }) => onWrite(one.name, event.target.value);
    return (
      <Field
        key={one.name}
        label={one.required ? one.name : t("tools.optional", { name: one.name })}
        hint={hintOf(one, said)}
        error={problem && t(`tools.wrong.${problem}`, rangeOf(one))}
      >
        {(control) => {
          const shared = { ...control, value, onChange: write };
          switch (one.kind) {
            case "flag":
              return (
                <select {...shared}>
                  <option value="">{t("tools.unset")}</option>
                  <option value="true">{t("tools.yes")}</option>
                  <option value="false">{t("tools.no")}</option>
                </select>
              );
            case "choice":
              return (
                <select {...shared}>
                  <option value="">{t("tools.unset")}</option>
                  {one.choices.map((choice) => (
                    <option key={choice} value={choice}>
                      {choice.replace(/^"|"$/g, "")}
                    </option>
                  ))}
                </select>
              );
            case "number":
              return <input {...shared} inputMode={one.whole ? "numeric" : "decimal"} />;
            case "list":
              return <textarea {...shared} rows={3} placeholder={t("tools.lines")} />;
            case "json":
              return <textarea {...shared} className="input code" rows={3} placeholder="{ }" />;
            default:
              return <input {...shared} />;
          }
        }}
      </Field>
    );
  });
}

function hintOf(one: Argument, said: (sentence: string) => string): string | undefined {
  const { minimum, maximum } = one;
  const range = minimum !== undefined && maximum !== undefined ? `${minimum} – ${maximum}` : "";
  return [said(one.hint), range].filter(Boolean).join(" · ") || undefined;
}

function rangeOf({ minimum, maximum }: Argument): Record<string, string> {
  return { minimum: String(minimum ?? "−∞"), maximum: String(maximum ?? "∞") };
}
