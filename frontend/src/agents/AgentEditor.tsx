import { ArrowLeft, MessageCircle } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Link, useBlocker, useNavigate } from "react-router";
import { useConversation, useNewConversation } from "../conversation/ConversationProvider";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { Confirm } from "../ui/Dialog";
import { Failure } from "../ui/Failure";
import { Field } from "../ui/Field";
import { Page } from "../ui/Page";
import { useToast } from "../ui/Toasts";
import { type AgentFields, emptyAgent, type FullAgent, fieldsOf, useSaveAgent } from "./agents";
import { EngineFields } from "./EngineFields";
import { VoiceField } from "./VoiceField";

const MOST = { name: 80, description: 1_000, greeting: 1_000, prompt: 16_000 };
const LANGUAGES = ["en", "zh"];

/** Who an agent is: name, character, first words, voice, language, engines of its own. */
export function AgentEditor({ agent }: { agent: FullAgent | null }) {
  const { t } = useLanguage();
  const say = useToast();
  const navigate = useNavigate();
  const { chooseAgent } = useConversation();
  const fresh = useNewConversation();
  const save = useSaveAgent(agent?.id ?? null);
  const [before, setBefore] = useState<AgentFields>(() => fieldsOf(agent ?? emptyAgent));
  const [fields, setFields] = useState(before);
  const changed = JSON.stringify(fields) !== JSON.stringify(before);
  const blocker = useBlocker(
    ({ currentLocation, nextLocation }) =>
      changed && !save.isPending && currentLocation.pathname !== nextLocation.pathname,
  );
  const set = (change: Partial<AgentFields>) => setFields({ ...fields, ...change });
  const complete = fields.name.trim() !== "" && fields.prompt.trim() !== "";

  function submit(event: FormEvent) {
    event.preventDefault();
    save.mutate(fields, {
      onSuccess: (saved) => {
        setBefore(fieldsOf(saved));
        setFields(fieldsOf(saved));
        say({ text: t("agents.saved", { name: saved.name }) });
        if (!agent) void navigate(`/app/agents/${saved.id}`, { replace: true });
      },
    });
  }

  return (
    <Page
      title={agent ? agent.name : t("agents.new")}
      about={agent?.description || t("agents.about")}
      actions={
        <>
          <Link className="button quiet" to="/app/agents">
            <ArrowLeft aria-hidden="true" /> {t("agents.back")}
          </Link>
          {agent && (
            <Button
              icon={<MessageCircle />}
              disabled={changed}
              onClick={() => {
                chooseAgent(agent.id);
                fresh();
              }}
            >
              {t("agents.try")}
            </Button>
          )}
        </>
      }
    >
      <form className="agent-form" onSubmit={submit}>
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
        {save.error && <Failure error={save.error} />}
        <div className="dialog-actions">
          <Button disabled={!changed || save.isPending} onClick={() => setFields(before)}>
            {t("agents.discard")}
          </Button>
          <Button type="submit" look="primary" disabled={!changed || !complete || save.isPending}>
            {t("ui.save")}
          </Button>
        </div>
      </form>
      <Confirm
        open={blocker.state === "blocked"}
        title={t("agents.unsaved")}
        about={t("agents.unsavedAbout")}
        action={t("agents.leave")}
        danger
        onConfirm={() => blocker.proceed?.()}
        onClose={() => blocker.reset?.()}
      />
    </Page>
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
