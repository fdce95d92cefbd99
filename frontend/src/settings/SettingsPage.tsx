import { useQuery } from "@tanstack/react-query";
import { useLanguage } from "../i18n/language";
import { request } from "../server/http";
import { Failure } from "../ui/Failure";
import { Loading, Page } from "../ui/Page";

interface Answer {
  settings: { name: string; value: string }[];
}

/** What is set. */
export function SettingsPage() {
  const { t } = useLanguage();
  const { data, error, refetch } = useQuery({
    queryKey: ["settings"],
    queryFn: () => request<Answer>("/api/settings"),
  });
  return (
    <Page title={t("settings.title")} about={t("settings.about")}>
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Loading />}
      <ul>
        {data?.settings.map((one) => (
          <li key={one.name}>{one.value}</li>
        ))}
      </ul>
    </Page>
  );
}
