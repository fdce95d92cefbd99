import { useLanguage } from "../i18n/language";
import { Page } from "../ui/Page";
import { PageTabs } from "../ui/PageTabs";
import { Downloads } from "./Downloads";
import { Providers } from "./Providers";
import { ServerSettings } from "./ServerSettings";
import "./settings.css";

/** Which models serve, what was downloaded for them, and every setting with its origin. */
export function SettingsPage() {
  const { t } = useLanguage();
  return (
    <Page title={t("settings.title")} about={t("settings.about")}>
      <PageTabs
        label={t("settings.title")}
        tabs={[
          { id: "models", label: t("settings.tab.models"), content: <Providers /> },
          { id: "downloads", label: t("settings.tab.downloads"), content: <Downloads /> },
          { id: "server", label: t("settings.tab.server"), content: <ServerSettings /> },
        ]}
      />
    </Page>
  );
}
