import { useState } from "react";
import { NavLink } from "react-router";
import { useLanguage } from "../i18n/language";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Page";
import { useConversations } from "./api";
import { ConversationRow } from "./ConversationRow";
import { byDay } from "./days";
import { SearchField } from "./SearchField";
import "./conversations.css";

const SHOWN = 30;

/** The newest conversations, or those looked for, in the sidebar. */
export function RecentConversations({ onLeave }: { onLeave?: (() => void) | undefined }) {
  const { t, language } = useLanguage();
  const [query, setQuery] = useState("");
  const { data, error, isPending, refetch } = useConversations(query, SHOWN);
  const hits = data?.pages[0]?.hits ?? [];
  return (
    <section className="recent" aria-label={t("conversations.title")}>
      <SearchField onSearch={setQuery} />
      <div className="recent-list">
        {isPending && <Loading />}
        {error && <Failure error={error} onRetry={() => void refetch()} />}
        {data && hits.length === 0 && (
          <p className="note recent-empty" aria-live="polite">
            {query.trim()
              ? t("conversations.noHits", { query: query.trim() })
              : t("conversations.emptyAbout")}
          </p>
        )}
        {byDay(hits, new Date(), language, t).map((day) => (
          <section key={day.label}>
            <h2>{day.label}</h2>
            <ul>
              {day.hits.map((hit) => (
                <ConversationRow
                  key={hit.conversation.id}
                  hit={hit}
                  query={query}
                  onLeave={onLeave}
                />
              ))}
            </ul>
          </section>
        ))}
        {hits.length > 0 && (
          <NavLink to="/app/conversations" className="place all" onClick={onLeave}>
            {t("conversations.all")}
          </NavLink>
        )}
      </div>
    </section>
  );
}
