import { type FormEvent, useState } from "react";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Failure } from "../ui/Failure";
import { SchemaForm } from "./SchemaForm";
import { argumentsOf, type Schema, valuesOf } from "./schema";
import "./trial.css";

/** What a call gave. */
export interface Trial {
  text: string;
  failed: boolean;
  seconds: number;
  /** What an agent would say as it is; null: the model words it. */
  speak?: string | null;
  said?: string[];
  /** What a conversation would do afterwards. */
  effects?: string[];
}

interface Props {
  title: string;
  about: string;
  parameters: Schema;
  /** A line above the button: what the call does for good. */
  note: string;
  call: (values: Record<string, unknown>) => Promise<Trial>;
  onClose: () => void;
}

/** Calls a tool with arguments from a form, and shows what came back. */
export function TrialDialog({ title, about, parameters, note, call, onClose }: Props) {
  const { t } = useLanguage();
  const all = argumentsOf(parameters);
  const [written, setWritten] = useState<Record<string, string>>({});
  const [asked, setAsked] = useState(false);
  const [busy, setBusy] = useState(false);
  const [trial, setTrial] = useState<Trial | null>(null);
  const [error, setError] = useState<unknown>(null);
  const { values, wrong } = valuesOf(all, written);

  async function run(event: FormEvent) {
    event.preventDefault();
    setAsked(true);
    if (Object.keys(wrong).length > 0) return;
    setBusy(true);
    setError(null);
    setTrial(null);
    try {
      setTrial(await call(values));
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Dialog open wide title={title} about={about} onClose={onClose}>
      <form className="trial" onSubmit={(event) => void run(event)}>
        <SchemaForm
          all={all}
          written={written}
          wrong={asked ? wrong : {}}
          onWrite={(name, text) => setWritten({ ...written, [name]: text })}
        />
        {all.length === 0 && <p className="note">{t("tools.noArguments")}</p>}
        <p className="note">{note}</p>
        <div className="dialog-actions">
          <Button onClick={onClose}>{t("ui.close")}</Button>
          <Button type="submit" look="primary" disabled={busy}>
            {t(busy ? "tools.calling" : "tools.call")}
          </Button>
        </div>
      </form>
      <div aria-live="polite">
        {error !== null && <Failure error={error} />}
        {trial && <TrialResult trial={trial} />}
      </div>
    </Dialog>
  );
}

function TrialResult({ trial }: { trial: Trial }) {
  const { t } = useLanguage();
  const { failed, seconds, speak, said = [], effects = [] } = trial;
  return (
    <section className="trial-result" aria-label={t("tools.result")}>
      <p>
        <span className={failed ? "badge bad" : "badge good"}>
          {t(failed ? "tools.failed" : "tools.worked")}
        </span>{" "}
        <span className="note">{Math.max(1, Math.round(seconds * 1000))} ms</span>
      </p>
      {said.length > 0 && <p>{t("tools.said", { text: said.join(" ") })}</p>}
      {speak && <p>{t("tools.speaks", { text: speak })}</p>}
      {effects.length > 0 && <p>{t("tools.effects", { text: effects.join(", ") })}</p>}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre className="trial-text" tabIndex={0}>
        {pretty(trial.text)}
      </pre>
    </section>
  );
}

/** JSON with line breaks; anything else as it is. */
function pretty(text: string): string {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
