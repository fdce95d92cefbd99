import { useQuery } from "@tanstack/react-query";
import { useLanguage } from "../i18n/language";
import { request } from "../server/http";
import { Failure } from "../ui/Failure";
import { Loading, Page } from "../ui/Page";

interface Answer {
  voices: { id: string; name: string }[];
}

/** Every voice that can speak. */
export function VoicesPage() {
  const { t } = useLanguage();
  const { data, error, refetch } = useQuery({
    queryKey: ["voices"],
    queryFn: () => request<Answer>("/api/voices"),
  });
  return (
    <Page title={t("voices.title")} about={t("voices.about")}>
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Loading />}
      <ul>
        {data?.voices.map((one) => (
          <li key={one.id}>{one.name}</li>
        ))}
      </ul>
    </Page>
  );
}
