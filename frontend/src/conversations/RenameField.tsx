import { type KeyboardEvent, useRef, useState } from "react";
import { useLanguage } from "../i18n/language";
import type { ConversationInfo } from "./api";
import { useConversationActs } from "./useActs";

const LONGEST = 200;

/** A title being written over the old one: Enter or leaving keeps it, Escape does not. */
export function RenameField(props: { conversation: ConversationInfo; onDone: () => void }) {
  const { conversation, onDone } = props;
  const { t } = useLanguage();
  const { rename } = useConversationActs();
  const [title, setTitle] = useState(conversation.title);
  const over = useRef(false);

  function keep() {
    if (over.current) return;
    over.current = true;
    const now = title.trim();
    if (now !== "" && now !== conversation.title) void rename(conversation.id, now);
    onDone();
  }

  function onKeyDown(event: KeyboardEvent<HTMLInputElement>) {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Enter") keep();
    if (event.key === "Escape") {
      // Neither the drawer it may lie in nor a call should hear of it.
      event.stopPropagation();
      over.current = true;
      onDone();
    }
    if (over.current) focusAfter(event.currentTarget);
  }

  return (
    <input
      className="input rename"
      aria-label={t("conversations.renameLabel")}
      placeholder={t("conversations.untitled")}
      value={title}
      maxLength={LONGEST}
      onChange={(event) => setTitle(event.target.value)}
      onKeyDown={onKeyDown}
      onBlur={keep}
      ref={focusOnce}
    />
  );
}

/** After the menu that opened it has given the focus back. */
function focusOnce(field: HTMLInputElement | null): void {
  if (field) setTimeout(() => field.select());
}

/** Back to what was renamed, once it stands there again. */
function focusAfter(field: HTMLInputElement): void {
  const place = field.parentElement;
  setTimeout(() => place?.querySelector<HTMLElement>("a, button")?.focus());
}
