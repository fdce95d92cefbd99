import { Pencil, Trash2 } from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";
import { useAgentList } from "../agents/agents";
import { ago } from "../i18n/ago";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { MemoryDialog } from "./MemoryDialog";
import type { Memory } from "./memory";
import { useWhoName } from "./useWhoName";

/** One thing that is remembered: by whom, of whom, since when. */
export function MemoryRow({ memory, onErase }: { memory: Memory; onErase: () => void }) {
  const { t, language } = useLanguage();
  const nameOf = useWhoName();
  const agents = useAgentList().data?.agents;
  const [editing, setEditing] = useState(false);
  const agent = agents?.find(({ id }) => id === memory.agent_id)?.name;
  const short = memory.text.length > 60 ? `${memory.text.slice(0, 60)}…` : memory.text;
  return (
    <li className="card memory-row">
      <div className="memory-text">
        <p className="memory-words">{memory.text}</p>
        <p className="note">
          {[
            t("memory.of", {
              agent: agent ?? t("memory.agentGone"),
              who: nameOf(memory.who, memory.who_name),
            }),
            ago(memory.updated_at, new Date(), language),
          ].join(" · ")}
          {memory.edited && ` · ${t("memory.edited")}`}
          {memory.conversation_id && (
            <>
              {" · "}
              <Link to={`/app/c/${memory.conversation_id}`}>{t("memory.origin")}</Link>
            </>
          )}
        </p>
      </div>
      <div className="row-acts">
        <Button
          look="quiet"
          small
          icon={<Pencil />}
          label={t("memory.edit", { text: short })}
          onClick={() => setEditing(true)}
        />
        <Button
          look="quiet"
          small
          icon={<Trash2 />}
          label={t("memory.erase", { text: short })}
          onClick={onErase}
        />
      </div>
      {editing && (
        <MemoryDialog
          memory={memory}
          agent={memory.agent_id}
          who={memory.who}
          onClose={() => setEditing(false)}
        />
      )}
    </li>
  );
}
