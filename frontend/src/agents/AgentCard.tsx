import { CopyPlus, MessageCircle, Pencil, RotateCcw, Trash2 } from "lucide-react";
import { useNavigate } from "react-router";
import { useConversation, useNewConversation } from "../conversation/ConversationProvider";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { Menu, MenuItem } from "../ui/Menu";
import { useFailed } from "../ui/useFailed";
import { useUndoable } from "../ui/useUndoable";
import { languageName } from "../voices/voices";
import { Avatar } from "./Avatar";
import { type FullAgent, useDeleteAgent, useDuplicateAgent, useRestoreAgent } from "./agents";

/** One agent: who it is, talk with it, change it. */
export function AgentCard({ agent, isDefault }: { agent: FullAgent; isDefault: boolean }) {
  const { t, language } = useLanguage();
  const undoable = useUndoable();
  const failed = useFailed();
  const navigate = useNavigate();
  const { chooseAgent } = useConversation();
  const fresh = useNewConversation();
  const remove = useDeleteAgent();
  const restore = useRestoreAgent();
  const duplicate = useDuplicateAgent();
  const edit = () => void navigate(`/app/agents/${agent.id}`);

  const forget = () =>
    undoable(
      remove.mutateAsync(agent.id),
      t(agent.shipped ? "agents.resetDone" : "agents.deleted", { name: agent.name }),
      () => restore.mutateAsync(agent),
    );

  function copy() {
    duplicate.mutate(
      { id: agent.id, name: t("agents.copyName", { name: agent.name }) },
      { onError: failed, onSuccess: ({ id }) => void navigate(`/app/agents/${id}`) },
    );
  }

  return (
    <li className="agent-card card">
      <Avatar name={agent.name} />
      <div className="agent-text">
        <h2 lang={agent.language ?? undefined}>{agent.name}</h2>
        <p className="note" lang={agent.language ?? undefined}>
          {agent.description}
        </p>
        <p className="agent-facts">
          <span className="badge">
            {agent.language ? languageName(agent.language, language) : t("agents.follows")}
          </span>
          {agent.voice && <span className="badge">{agent.voice}</span>}
          {isDefault && <span className="badge good">{t("agents.default")}</span>}
          {agent.shipped && agent.changed && (
            <span className="badge warn">{t("agents.changed")}</span>
          )}
        </p>
      </div>
      <div className="agent-actions">
        <Button
          small
          icon={<MessageCircle />}
          onClick={() => {
            chooseAgent(agent.id);
            fresh();
          }}
        >
          {t("agents.talk")}
          <span className="for-readers">: {agent.name}</span>
        </Button>
        <Button
          look="quiet"
          small
          icon={<Pencil />}
          label={t("agents.edit", { name: agent.name })}
          onClick={edit}
        />
        <Menu label={t("agents.menu", { name: agent.name })}>
          <MenuItem icon={<CopyPlus />} onSelect={copy}>
            {t("agents.duplicate")}
          </MenuItem>
          {agent.shipped && agent.changed && (
            <MenuItem icon={<RotateCcw />} onSelect={forget}>
              {t("agents.reset")}
            </MenuItem>
          )}
          {!agent.shipped && (
            <MenuItem icon={<Trash2 />} danger onSelect={forget}>
              {t("ui.delete")}
            </MenuItem>
          )}
        </Menu>
      </div>
    </li>
  );
}
