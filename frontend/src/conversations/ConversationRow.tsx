import { type ReactNode, useState } from "react";
import { NavLink } from "react-router";
import { useLanguage } from "../i18n/language";
import type { Hit } from "./api";
import { ConversationMenu } from "./ConversationMenu";
import { Highlighted } from "./Highlighted";
import { RenameField } from "./RenameField";

interface Props {
  hit: Hit;
  query: string;
  onLeave?: (() => void) | undefined;
  /** Before the title, such as a box to tick. */
  before?: ReactNode;
  /** Under the title. */
  about?: ReactNode;
}

/** One conversation in a list: the way to it, and what can be done with it. */
export function ConversationRow({ hit, query, onLeave, before, about }: Props) {
  const { t } = useLanguage();
  const [renaming, setRenaming] = useState(false);
  const { conversation, snippet } = hit;
  const title = conversation.title || t("conversations.untitled");
  if (renaming) {
    return (
      <li className="conversation">
        {before}
        <RenameField conversation={conversation} onDone={() => setRenaming(false)} />
      </li>
    );
  }
  return (
    <li className="conversation">
      {before}
      <NavLink to={`/app/c/${conversation.id}`} className="place" onClick={onLeave} title={title}>
        <span className="conversation-title">
          {conversation.live && (
            <span className="live-mark" role="img" aria-label={t("conversations.live")} />
          )}
          <Highlighted text={title} query={query} />
        </span>
        {snippet && snippet !== title && (
          <span className="conversation-snippet">
            <Highlighted text={snippet} query={query} />
          </span>
        )}
        {about}
      </NavLink>
      <ConversationMenu
        one={conversation}
        label={t("conversations.options", { title })}
        onRename={() => setRenaming(true)}
      />
    </li>
  );
}
