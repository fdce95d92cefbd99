import { useQuery } from "@tanstack/react-query";
import { useLanguage } from "../i18n/language";
import { request } from "../server/http";
import { Failure } from "../ui/Failure";
import { Loading, Page } from "../ui/Page";

interface Answer {
  conversations: { id: string; title: string }[];
}

/** All that was said. */
export function ConversationsPage() {
  const { t } = useLanguage();
  const { data, error, refetch } = useQuery({
    queryKey: ["conversations"],
    queryFn: () => request<Answer>("/api/conversations?limit=100"),
  });
  return (
    <Page title={t("conversations.title")}>
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Loading />}
      <ul>
        {data?.conversations.map((one) => (
          <li key={one.id}>{one.title}</li>
        ))}
      </ul>
    </Page>
  );
}
