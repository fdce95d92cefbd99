import { useQuery } from "@tanstack/react-query";
import { NavLink } from "react-router";
import { useLanguage } from "../i18n/language";
import { request } from "../server/http";
import "./conversations.css";

interface Conversations {
  conversations: { id: string; title: string }[];
}

/** The newest conversations, in the sidebar. */
export function RecentConversations({ onLeave }: { onLeave?: (() => void) | undefined }) {
  const { t } = useLanguage();
  const { data } = useQuery({
    queryKey: ["conversations"],
    queryFn: () => request<Conversations>("/api/conversations?limit=30"),
  });
  if (!data?.conversations.length) return null;
  return (
    <section className="recent" aria-label={t("conversations.title")}>
      <h2>{t("conversations.title")}</h2>
      <ul>
        {data.conversations.map(({ id, title }) => (
          <li key={id}>
            <NavLink to={`/app/c/${id}`} className="place" onClick={onLeave}>
              {title || id}
            </NavLink>
          </li>
        ))}
      </ul>
    </section>
  );
}
