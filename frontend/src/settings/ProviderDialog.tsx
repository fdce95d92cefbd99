import { CircleCheck, CircleX, ExternalLink } from "lucide-react";
import { type FormEvent, useId, useState } from "react";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Failure } from "../ui/Failure";
import { Field } from "../ui/Field";
import { useToast } from "../ui/Toasts";
import { EnginePicker, keyOf } from "./EnginePicker";
import {
  type Choice,
  type Provider,
  type ProviderChoice,
  type TestResult,
  useChoose,
  useTest,
} from "./providers";
import { megabytes } from "./sizes";

/** Choose who serves a kind: engine, key, address, model; try it before it is saved. */
export function ProviderDialog({ provider, onClose }: { provider: Provider; onClose: () => void }) {
  const { t, said } = useLanguage();
  const say = useToast();
  const { kind, choices, fields } = provider;
  const [picked, setPicked] = useState(() => keyOf(presentChoice(provider)));
  const [key, setKey] = useState("");
  const [address, setAddress] = useState(fields.base_url.value ?? "");
  const [model, setModel] = useState(fields.model.value ?? "");
  const test = useTest(kind);
  const choose = useChoose(kind);
  const choice = choices.find((one) => keyOf(one) === picked) ?? choices[0];
  if (!choice) return null;
  const remote = choice.type === "provider" || choice.type === "custom";
  const wanted = choiceOf(choice, { key, address, model });
  const missing =
    (choice.type === "custom" && !address.trim()) ||
    (choice.needs_key && !choice.key_set && !key.trim());

  function pick(next: string) {
    setPicked(next);
    // Another provider: neither its address nor its model is the old one's.
    setAddress("");
    setModel("");
    setKey("");
    test.reset();
    choose.reset();
  }

  function save(event: FormEvent) {
    event.preventDefault();
    choose.mutate(wanted, {
      onSuccess: () => {
        say({ text: t("settings.saved", { kind: t(`settings.kind.${kind}`) }) });
        onClose();
      },
    });
  }

  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={t(`settings.kind.${kind}`)}
      about={t(`settings.kind.${kind}.about`)}
    >
      <form className="provider-form" onSubmit={save}>
        <EnginePicker choices={choices} chosen={keyOf(choice)} onChoose={pick} />
        {choice.note && <p className="note">{said(choice.note)}</p>}
        <ToDownload choice={choice} />
        {remote && (
          <>
            {choice.type === "custom" && (
              <Field label={t("settings.address")} hint={t("settings.addressHint")}>
                {(control) => (
                  <input
                    {...control}
                    type="url"
                    value={address}
                    onChange={(event) => setAddress(event.target.value)}
                    placeholder="http://localhost:8080/v1"
                    required
                  />
                )}
              </Field>
            )}
            <Field
              label={t("settings.key")}
              hint={t(choice.key_set ? "settings.keyKept" : "settings.keyHint")}
            >
              {(control) => (
                <input
                  {...control}
                  type="password"
                  autoComplete="off"
                  value={key}
                  onChange={(event) => setKey(event.target.value)}
                  placeholder={choice.key_set ? "••••••••" : ""}
                />
              )}
            </Field>
            {choice.homepage && (
              <p className="note">
                <a href={choice.homepage} target="_blank" rel="noreferrer">
                  {t("settings.getKey", { provider: choice.title })}{" "}
                  <ExternalLink size={13} aria-hidden="true" />
                </a>
              </p>
            )}
            <ModelField
              model={model}
              onChange={setModel}
              required={choice.model_needed}
              suggestions={test.data?.models.length ? test.data.models : choice.models}
            />
          </>
        )}
        <Outcome result={test.data ?? null} busy={test.isPending} />
        {test.error && <Failure error={test.error} />}
        {choose.error && <Failure error={choose.error} />}
        <div className="dialog-actions">
          <Button
            disabled={missing || test.isPending}
            onClick={() => test.mutate(wanted)}
            className="push-left"
          >
            {t(test.isPending ? "settings.testing" : "settings.test")}
          </Button>
          <Button onClick={onClose}>{t("ui.cancel")}</Button>
          <Button
            type="submit"
            look="primary"
            disabled={missing || choose.isPending || !choice.available}
          >
            {t("ui.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** The choice that stands for what is in force. */
function presentChoice({ choices, fields, engine }: Provider): Choice | undefined {
  const chosen = fields.engine.value ?? engine;
  const same = choices.filter((one) => one.engine === chosen);
  // One engine speaks to its own provider and to any other address.
  const type = fields.base_url.value ? "custom" : "provider";
  return same.find((one) => one.type === type) ?? same[0] ?? choices[0];
}

function choiceOf(
  choice: Choice,
  typed: { key: string; address: string; model: string },
): ProviderChoice {
  const wanted: ProviderChoice = { engine: choice.engine };
  if (choice.type === "custom") wanted.base_url = typed.address.trim();
  if (typed.key.trim()) wanted.api_key = typed.key.trim();
  if (typed.model.trim()) wanted.model = typed.model.trim();
  return wanted;
}

function ModelField(props: {
  model: string;
  suggestions: string[];
  required: boolean;
  onChange: (model: string) => void;
}) {
  const { t } = useLanguage();
  const list = useId();
  return (
    <Field label={t("settings.model")} hint={t("settings.modelHint")}>
      {(control) => (
        <>
          <input
            {...control}
            list={list}
            value={props.model}
            required={props.required}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => props.onChange(event.target.value)}
            placeholder={props.suggestions[0] ?? ""}
          />
          <datalist id={list}>
            {props.suggestions.map((name) => (
              <option key={name} value={name} />
            ))}
          </datalist>
        </>
      )}
    </Field>
  );
}

/** What choosing this engine would fetch first. */
function ToDownload({ choice }: { choice: Choice }) {
  const { t } = useLanguage();
  const missing = choice.downloads.filter((one) => !one.installed);
  if (missing.length === 0) return null;
  const size = missing.reduce((sum, one) => sum + (one.size ?? 0), 0);
  return (
    <p className="notice">
      {t("settings.willDownload", {
        models: missing.map((one) => one.title).join(", "),
        size: megabytes(size),
      })}
    </p>
  );
}

function Outcome({ result, busy }: { result: TestResult | null; busy: boolean }) {
  const { t, said } = useLanguage();
  return (
    <div role="status">
      {busy && <p className="note">{t("settings.testing")}</p>}
      {!busy && result?.ok && (
        <p className="notice">
          <span className="outcome">
            <CircleCheck aria-hidden="true" /> {result.detail || t("settings.testOk")}
          </span>
          {result.latency_ms !== null && (
            <span className="badge good">{Math.round(result.latency_ms)} ms</span>
          )}
        </p>
      )}
      {!busy && result && !result.ok && (
        <p className="notice bad">
          <span className="outcome">
            <CircleX aria-hidden="true" /> {said(result.error?.message ?? "")}{" "}
            {said(result.error?.hint ?? "")}
          </span>
        </p>
      )}
    </div>
  );
}
