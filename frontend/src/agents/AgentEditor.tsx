import { MessageCircle } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useBlocker, useNavigate } from "react-router";
import { useConversation, useNewConversation } from "../conversation/ConversationProvider";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { Confirm } from "../ui/Dialog";
import { Failure } from "../ui/Failure";
import { Page } from "../ui/Page";
import { PageTabs } from "../ui/PageTabs";
import { useToast } from "../ui/Toasts";
import { type AgentFields, emptyAgent, type FullAgent, fieldsOf, useSaveAgent } from "./agents";
import { CharacterFields } from "./CharacterFields";
import { IntentChoice } from "./IntentChoice";
import { KnowledgeChoice } from "./KnowledgeChoice";
import { MemoryChoice } from "./MemoryChoice";
import { ToolChoice } from "./ToolChoice";

/** Who an agent is, what it can do and what it knows. */
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
      back={{ to: "/app/agents", text: t("agents.back") }}
      actions={
        agent && (
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
        )
      }
    >
      <form className="agent-form" onSubmit={submit}>
        <PageTabs
          label={t("agents.parts")}
          tabs={[
            {
              id: "character",
              label: t("agents.tab.character"),
              content: <CharacterFields fields={fields} set={set} />,
            },
            {
              id: "tools",
              label: t("tools.title"),
              content: (
                <div className="stack">
                  <ToolChoice tools={fields.tools} onChange={(tools) => set({ tools })} />
                  <IntentChoice intent={fields.intent} onChange={(intent) => set({ intent })} />
                </div>
              ),
            },
            {
              id: "knowledge",
              label: t("knowledge.title"),
              content: (
                <KnowledgeChoice
                  knowledge={fields.knowledge}
                  onChange={(knowledge) => set({ knowledge })}
                />
              ),
            },
            {
              id: "memory",
              label: t("memory.title"),
              content: (
                <MemoryChoice
                  agent={agent?.id ?? null}
                  memory={fields.memory}
                  onChange={(memory) => set({ memory })}
                />
              ),
            },
          ]}
        />
        <div className={changed ? "dialog-actions save-bar changed" : "dialog-actions save-bar"}>
          {save.error && <Failure error={save.error} />}
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
