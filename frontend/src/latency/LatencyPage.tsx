import { useQuery } from "@tanstack/react-query";
import { useLanguage } from "../i18n/language";
import { request } from "../server/http";
import { Failure } from "../ui/Failure";
import { Loading, Page } from "../ui/Page";

interface Answer {
  engines: { name: string; title: string }[];
}

/** The engines at work. */
export function LatencyPage() {
  const { t } = useLanguage();
  const { data, error, refetch } = useQuery({
    queryKey: ["health"],
    queryFn: () => request<Answer>("/api/health"),
  });
  return (
    <Page title={t("latency.title")} about={t("latency.about")}>
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Loading />}
      <ul>
        {data?.engines.map((one) => (
          <li key={one.name}>{one.title}</li>
        ))}
      </ul>
    </Page>
  );
}
