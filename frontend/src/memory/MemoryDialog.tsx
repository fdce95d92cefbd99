import { type FormEvent, useState } from "react";
import { useAgentList } from "../agents/agents";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Failure } from "../ui/Failure";
import { Field } from "../ui/Field";
import { BROWSER, type Memory, useAddMemory, useChangeMemory, usePeople } from "./memory";
import { useWhoName } from "./useWhoName";

interface Props {
  /** null: a new one. */
  memory: Memory | null;
  agent: string;
  who: string;
  onClose: () => void;
}

const LONGEST = 2_000;

/** What an agent shall remember, in a person's own words. */
export function MemoryDialog({ memory, agent, who, onClose }: Props) {
  const { t } = useLanguage();
  const nameOf = useWhoName();
  const change = useChangeMemory(memory?.id ?? "");
  const add = useAddMemory();
  const agents = useAgentList().data?.agents ?? [];
  const people = usePeople().data?.people ?? [];
  const [text, setText] = useState(memory?.text ?? "");
  const [whose, setWhose] = useState({ agent_id: agent, who });
  const names = new Map([
    [BROWSER, ""],
    [who, who],
  ]);
  for (const one of people) names.set(one.who, one.who_name);
  const words = text.trim();
  const { error, isPending } = memory ? change : add;

  function submit(event: FormEvent) {
    event.preventDefault();
    if (memory) change.mutate(words, { onSuccess: onClose });
    else add.mutate({ ...whose, text: words }, { onSuccess: onClose });
  }

  return (
    <Dialog
      open
      title={t(memory ? "memory.correct" : "memory.write")}
      about={t(memory ? "memory.correctAbout" : "memory.writeAbout")}
      onClose={onClose}
    >
      <form className="stack" onSubmit={submit}>
        {!memory && (
          <div className="fields">
            <Field label={t("memory.agent")}>
              {(control) => (
                <select
                  {...control}
                  value={whose.agent_id}
                  onChange={(event) => setWhose({ ...whose, agent_id: event.target.value })}
                >
                  {agents.map(({ id, name }) => (
                    <option key={id} value={id}>
                      {name}
                    </option>
                  ))}
                </select>
              )}
            </Field>
            <Field label={t("memory.who")}>
              {(control) => (
                <select
                  {...control}
                  value={whose.who}
                  onChange={(event) => setWhose({ ...whose, who: event.target.value })}
                >
                  {[...names].map(([id, name]) => (
                    <option key={id} value={id}>
                      {nameOf(id, name)}
                    </option>
                  ))}
                </select>
              )}
            </Field>
          </div>
        )}
        <Field label={t("memory.words")}>
          {(control) => (
            <textarea
              {...control}
              rows={3}
              required
              maxLength={LONGEST}
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
          )}
        </Field>
        {error && <Failure error={error} />}
        <div className="dialog-actions">
          <Button onClick={onClose}>{t("ui.cancel")}</Button>
          <Button
            type="submit"
            look="primary"
            disabled={words === "" || words === memory?.text || isPending}
          >
            {t("ui.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
