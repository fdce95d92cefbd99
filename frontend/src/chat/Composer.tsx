import { ArrowUp, Phone, Square } from "lucide-react";
import { type FormEvent, type KeyboardEvent, useEffect, useId, useState } from "react";
import { useConversation } from "../conversation/ConversationProvider";
import { type CallState, isInCall } from "../conversation/store";
import { useLanguage } from "../i18n/language";
import { isReady, useServer } from "../server/health";
import { Button } from "../ui/Button";
import { draftOf, keepDraft, onDraftGivenBack } from "./drafts";
import { GrowingText } from "./GrowingText";
import { sends } from "./keys";
import { useTextLimit } from "./useTextLimit";
import "./composer.css";

/** Writing instead of speaking, in the same conversation; and the way into a call. */
export function Composer() {
  const { t } = useLanguage();
  const { state, agent, actions } = useConversation();
  const ready = isReady(useServer().health);
  const [text, setText] = useDraft(state);
  const note = useId();
  const { left, near } = useTextLimit(text);
  const inCall = isInCall(state);
  const answering = !inCall && state.conversation.response !== null;
  const message = text.trim();
  const sendable = ready && message !== "" && left >= 0;
  const name = agent?.name ?? "Kaikou";

  function send() {
    if (!sendable) return;
    setText("");
    actions.write(message);
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    send();
  }

  function onKeyDown(event: KeyboardEvent) {
    if (!sends(event)) return;
    event.preventDefault();
    send();
  }

  return (
    <form className="composer" onSubmit={submit}>
      <GrowingText
        value={text}
        onChange={setText}
        onKeyDown={onKeyDown}
        aria-label={t("write.label")}
        aria-describedby={near ? note : undefined}
        aria-invalid={left < 0 || undefined}
        placeholder={t("write.placeholder", { agent: name })}
        enterKeyHint="send"
      />
      {near && (
        <p id={note} className={left < 0 ? "field-error" : "note"} role="status">
          {t(left < 0 ? "write.over" : "write.left", { count: String(Math.abs(left)) })}
        </p>
      )}
      {/* Before the first word the page has a larger one. */}
      {!inCall && state.conversation.lines.length > 0 && (
        <Button
          look="quiet"
          icon={<Phone />}
          label={t("write.call", { agent: name })}
          disabled={!ready}
          onClick={actions.start}
        />
      )}
      {answering && message === "" ? (
        <Button
          className="send"
          icon={<Square fill="currentColor" />}
          label={t("write.stop")}
          aria-keyshortcuts="Escape"
          onClick={actions.interrupt}
        />
      ) : (
        <Button
          type="submit"
          className="send"
          icon={<ArrowUp />}
          label={t("write.send")}
          disabled={!sendable}
        />
      )}
    </form>
  );
}

/** What is being written, kept for each conversation. */
function useDraft({ conversationId, conversation }: CallState): [string, (text: string) => void] {
  const [text, setText] = useState(() => draftOf(conversationId));
  const [of, setOf] = useState(conversationId);
  if (of !== conversationId) {
    setOf(conversationId);
    // A new conversation that was just given its id is the same one: one may be writing on.
    if (of !== null || conversation.lines.length === 0) setText(draftOf(conversationId));
    else keepDraft(null, "");
  }
  useEffect(() => onDraftGivenBack(() => setText(draftOf(conversationId))), [conversationId]);
  const change = (now: string) => {
    setText(now);
    keepDraft(conversationId, now);
  };
  return [text, change];
}
