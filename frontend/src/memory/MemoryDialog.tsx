import { useState } from "react";
import { useLanguage } from "../i18n/language";
import { Field } from "../ui/Field";
import { FormDialog } from "../ui/FormDialog";
import { type Memory, useAddMemory, useChangeMemory } from "./memory";
import { WhoseFields } from "./WhoseFields";

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
  const change = useChangeMemory(memory?.id ?? "");
  const add = useAddMemory();
  const [text, setText] = useState(memory?.text ?? "");
  const [whose, setWhose] = useState({ agent, who });
  const words = text.trim();

  function submit() {
    if (memory) change.mutate(words, { onSuccess: onClose });
    else add.mutate({ agent_id: whose.agent, who: whose.who, text: words }, { onSuccess: onClose });
  }

  return (
    <FormDialog
      title={t(memory ? "memory.correct" : "memory.write")}
      about={t(memory ? "memory.correctAbout" : "memory.writeAbout")}
      request={memory ? change : add}
      ready={words !== "" && words !== memory?.text}
      onSubmit={submit}
      onClose={onClose}
    >
      {!memory && (
        <div className="fields">
          <WhoseFields
            agent={whose.agent}
            who={whose.who}
            onChoose={(chosen) => setWhose({ ...whose, ...chosen })}
          />
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
    </FormDialog>
  );
}
