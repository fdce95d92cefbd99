import { useQuery } from "@tanstack/react-query";
import { useLanguage } from "../i18n/language";
import { request } from "../server/http";
import { Failure } from "../ui/Failure";
import { Loading, Page } from "../ui/Page";

interface Answer {
  agents: { id: string; name: string }[];
}

/** Everybody one can talk with. */
export function AgentsPage() {
  const { t } = useLanguage();
  const { data, error, refetch } = useQuery({
    queryKey: ["agents"],
    queryFn: () => request<Answer>("/api/agents"),
  });
  return (
    <Page title={t("agents.title")} about={t("agents.about")}>
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Loading />}
      <ul>
        {data?.agents.map((one) => (
          <li key={one.id}>{one.name}</li>
        ))}
      </ul>
    </Page>
  );
}
