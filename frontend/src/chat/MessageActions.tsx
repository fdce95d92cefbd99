import { Pencil, RotateCcw, Trash2 } from "lucide-react";
import { useState } from "react";
import type { Line } from "../conversation/conversation";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { Confirm } from "../ui/Dialog";
import { CopyButton } from "./CopyButton";
import type { MessageActs } from "./Message";
import { ReadAloud } from "./ReadAloud";

interface Props {
  line: Line;
  agent: string;
  acts: MessageActs | null;
  onEdit: () => void;
}

/** The small buttons under a message. */
export function MessageActions({ line, agent, acts, onEdit }: Props) {
  const { t } = useLanguage();
  const [asking, setAsking] = useState(false);
  return (
    <fieldset className="message-actions" aria-label={t("chat.actions")}>
      <CopyButton text={line.text} label={t("chat.copy")} />
      {acts && (
        <>
          {acts.agentId !== null && line.role === "assistant" && (
            <ReadAloud text={line.text} agentId={acts.agentId} />
          )}
          {line.role === "user" ? (
            <Button
              look="quiet"
              small
              className="edit"
              icon={<Pencil />}
              label={t("chat.edit")}
              onClick={onEdit}
            />
          ) : (
            <Button
              look="quiet"
              small
              icon={<RotateCcw />}
              label={t("chat.regenerate")}
              onClick={() => acts.regenerate(line.id)}
            />
          )}
          <Button
            look="quiet"
            small
            icon={<Trash2 />}
            label={t("chat.delete")}
            onClick={() => setAsking(true)}
          />
          <Confirm
            open={asking}
            title={t("chat.deleteTitle")}
            about={t("chat.deleteAbout", { agent })}
            action={t("ui.delete")}
            danger
            onConfirm={() => acts.remove(line.id)}
            onClose={() => setAsking(false)}
          />
        </>
      )}
    </fieldset>
  );
}
