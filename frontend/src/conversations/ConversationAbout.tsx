import { useConversation } from "../conversation/ConversationProvider";
import { useLanguage } from "../i18n/language";
import { localeOf } from "../i18n/locale";
import type { ConversationInfo } from "./api";

const TODAY: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit" };
const EARLIER: Intl.DateTimeFormatOptions = { month: "short", day: "numeric" };

/** With whom, how, how long, and when. */
export function ConversationAbout({ one }: { one: ConversationInfo }) {
  const { t, language } = useLanguage();
  const { agents } = useConversation();
  const agent = agents.find(({ id }) => id === one.agent_id)?.name;
  const when = new Date(one.updated_at);
  const today = when.toDateString() === new Date().toDateString();
  const locale = localeOf(language);
  const facts = [
    agent,
    t(one.surface === "chat" ? "conversations.written" : "conversations.spoken"),
    one.item_count === 1
      ? t("conversations.message")
      : t("conversations.messages", { count: String(one.item_count) }),
    new Intl.DateTimeFormat(locale, today ? TODAY : EARLIER).format(when),
  ];
  return <span className="conversation-about">{facts.filter(Boolean).join(" · ")}</span>;
}
