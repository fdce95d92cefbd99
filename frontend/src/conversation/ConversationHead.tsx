import { useState } from "react";
import { ConversationMenu } from "../conversations/ConversationMenu";
import type { Opened } from "../conversations/opened";
import { RenameField } from "../conversations/RenameField";
import { useLanguage } from "../i18n/language";

/** What the conversation is called and with whom it is held; renaming, saving and deleting it. */
export function ConversationHead({ opened, agent }: { opened: Opened; agent: string }) {
  const { t } = useLanguage();
  const [renaming, setRenaming] = useState(false);
  const { info } = opened;
  const title = info?.title || t("welcome.title", { agent });
  return (
    <header className="talk-head">
      {renaming && info ? (
        <RenameField conversation={info} onDone={() => setRenaming(false)} />
      ) : (
        <div className="talk-title">
          <h1>{title}</h1>
          {info?.title && <p className="note">{agent}</p>}
        </div>
      )}
      {info && !renaming && (
        <ConversationMenu one={info} label={t("chat.options")} onRename={() => setRenaming(true)} />
      )}
    </header>
  );
}
