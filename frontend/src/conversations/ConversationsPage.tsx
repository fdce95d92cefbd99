import { MessagesSquare, SearchX, Trash2 } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useNewConversation } from "../conversation/ConversationProvider";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { Failure } from "../ui/Failure";
import { Empty, Loading, Page } from "../ui/Page";
import { useConversations } from "./api";
import { ConversationAbout } from "./ConversationAbout";
import { ConversationRow } from "./ConversationRow";
import { byDay } from "./days";
import { SearchField } from "./SearchField";
import { useConversationActs } from "./useActs";
import "./conversations.css";

const PORTION = 40;

/** All that was said: search, select, delete. */
export function ConversationsPage() {
  const { t, language } = useLanguage();
  const fresh = useNewConversation();
  const { remove } = useConversationActs();
  const [query, setQuery] = useState("");
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const list = useConversations(query, PORTION);
  const { data, error, isPending, refetch, hasNextPage, isFetchingNextPage } = list;
  const hits = data?.pages.flatMap((page) => page.hits) ?? [];
  // What has gone from the list meanwhile is not selected any more.
  const selected = hits.filter(({ conversation }) => ticked.has(conversation.id));
  const more = useNearEnd(() => void list.fetchNextPage(), hasNextPage && !isFetchingNextPage);

  function tick(id: string, on: boolean) {
    const others = [...ticked].filter((other) => other !== id);
    setTicked(new Set(on ? [...others, id] : others));
  }

  function removeSelected() {
    void remove(selected.map(({ conversation }) => conversation));
    setTicked(new Set());
  }

  return (
    <Page title={t("conversations.title")} about={t("conversations.about")}>
      <div className="list-tools">
        <SearchField onSearch={setQuery} />
        {hits.length > 0 && (
          <label className="tick">
            <input
              type="checkbox"
              checked={selected.length === hits.length}
              ref={(box) => {
                if (box) box.indeterminate = selected.length > 0 && selected.length < hits.length;
              }}
              onChange={(event) => {
                const all = hits.map(({ conversation }) => conversation.id);
                setTicked(new Set(event.target.checked ? all : []));
              }}
            />
            {selected.length > 0
              ? t("conversations.selected", { count: String(selected.length) })
              : t("conversations.selectAll")}
          </label>
        )}
        {selected.length > 0 && (
          <Button look="danger" small icon={<Trash2 />} onClick={removeSelected}>
            {t("conversations.deleteSelected")}
          </Button>
        )}
      </div>
      {isPending && <Loading />}
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {data && hits.length === 0 && query.trim() !== "" && (
        <Empty
          icon={<SearchX aria-hidden="true" />}
          title={t("conversations.noHits", { query: query.trim() })}
        >
          <p>{t("conversations.noHitsAbout")}</p>
        </Empty>
      )}
      {data && hits.length === 0 && query.trim() === "" && (
        <Empty icon={<MessagesSquare aria-hidden="true" />} title={t("conversations.empty")}>
          <p>{t("conversations.emptyAbout")}</p>
          <Button look="primary" onClick={fresh}>
            {t("conversations.begin")}
          </Button>
        </Empty>
      )}
      {byDay(hits, new Date(), language, t).map((day) => (
        <section key={day.label} className="day">
          <h2>{day.label}</h2>
          <ul>
            {day.hits.map((hit) => {
              const { id, title } = hit.conversation;
              return (
                <ConversationRow
                  key={id}
                  hit={hit}
                  query={query}
                  before={
                    <input
                      type="checkbox"
                      aria-label={t("conversations.selectOne", {
                        title: title || t("conversations.untitled"),
                      })}
                      checked={ticked.has(id)}
                      onChange={(event) => tick(id, event.target.checked)}
                    />
                  }
                  about={<ConversationAbout one={hit.conversation} />}
                />
              );
            })}
          </ul>
        </section>
      ))}
      {hasNextPage && (
        <div ref={more} className="list-more">
          <Button disabled={isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            {t("conversations.more")}
          </Button>
        </div>
      )}
    </Page>
  );
}

/** Calls `reach` when the element comes near the window's foot. */
function useNearEnd(reach: () => void, active: boolean) {
  const element = useRef<HTMLDivElement>(null);
  const latest = useRef(reach);
  latest.current = reach;
  useEffect(() => {
    if (!active || !element.current) return;
    const watcher = new IntersectionObserver(
      (seen) => seen.some((one) => one.isIntersecting) && latest.current(),
      { rootMargin: "300px" },
    );
    watcher.observe(element.current);
    return () => watcher.disconnect();
  }, [active]);
  return element;
}
