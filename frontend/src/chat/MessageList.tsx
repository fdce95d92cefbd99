import { ArrowDown, RotateCcw } from "lucide-react";
import { useEffect, useMemo, useRef } from "react";
import { useConversation } from "../conversation/ConversationProvider";
import { without } from "../conversation/conversation";
import { isInCall } from "../conversation/store";
import { useLanguage } from "../i18n/language";
import { send } from "../server/http";
import { Button } from "../ui/Button";
import { useFailed } from "../ui/useFailed";
import { prepareMarkdown } from "./Markdown";
import { Message, type MessageActs } from "./Message";
import { useRecent } from "./useRecent";
import { useStick } from "./useStick";
import "./messages.css";

/**
 * What both sides said and wrote; it scrolls by itself. Not a live region: in a call one hears it,
 * and hearing it twice is noise.
 */
export function MessageList() {
  const { t } = useLanguage();
  const { state, agent } = useConversation();
  const { lines, response } = state.conversation;
  const inCall = isInCall(state);
  const outside = useRef<HTMLElement>(null);
  const inside = useRef<HTMLDivElement>(null);
  const { away, toEnd } = useStick(outside, inside);
  const { recent, older, sentinel } = useRecent(lines, outside);
  const acts = useActs(!inCall);
  const newest = lines.at(-1);
  const unanswered = !inCall && response === null && newest?.role === "user";

  useEffect(prepareMarkdown, []);
  // What one writes oneself is seen, wherever one was reading.
  const written = state.conversation.unsent.at(-1);
  useEffect(() => {
    if (written !== undefined) toEnd();
  }, [written, toEnd]);

  return (
    <div className="messages">
      <section className="messages-scroll" ref={outside} aria-label={t("captions.label")}>
        <div className="messages-inside" ref={inside}>
          {older && <div ref={sentinel} />}
          {lines.length === 0 && <p className="note captions-empty">{t("captions.empty")}</p>}
          <ol className="captions">
            {recent.map((line) => (
              <Message
                key={line.id}
                line={line}
                agent={agent?.name ?? "Kaikou"}
                conversationId={state.conversationId}
                newest={line === newest}
                acts={acts}
              />
            ))}
          </ol>
          {unanswered && acts && !state.conversation.unsent.includes(newest.id) && (
            <Button look="quiet" small icon={<RotateCcw />} onClick={() => acts.regenerate(null)}>
              {t("chat.retry")}
            </Button>
          )}
        </div>
      </section>
      {away && (
        <Button
          className="to-newest"
          icon={<ArrowDown />}
          label={t("chat.newest")}
          onClick={() => toEnd(true)}
        />
      )}
    </div>
  );
}

/** What the buttons under messages do; the same object as long as nothing about it changes. */
function useActs(possible: boolean): MessageActs | null {
  const failed = useFailed();
  const { store, actions, agent } = useConversation();
  const agentId = agent?.id ?? null;
  return useMemo(() => {
    if (!possible) return null;
    return {
      agentId,
      edit: actions.edit,
      regenerate: actions.regenerate,
      remove: (id) => {
        const { conversationId, conversation } = store.state;
        store.update({ conversation: without(conversation, id) });
        send("DELETE", `/api/conversations/${conversationId}/items/${id}`).catch((error) => {
          if (store.state.conversationId === conversationId) store.update({ conversation });
          failed(error);
        });
      },
    };
  }, [possible, agentId, actions, store, failed]);
}
