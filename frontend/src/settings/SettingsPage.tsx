import { Tabs } from "radix-ui";
import { useSearchParams } from "react-router";
import { useLanguage } from "../i18n/language";
import { Page } from "../ui/Page";
import { Downloads } from "./Downloads";
import { Providers } from "./Providers";
import { ServerSettings } from "./ServerSettings";
import "./settings.css";

const TABS = ["models", "downloads", "server"] as const;

/** Which models serve, what was downloaded for them, and every setting with its origin. */
export function SettingsPage() {
  const { t } = useLanguage();
  const [query, setQuery] = useSearchParams();
  const asked = TABS.find((tab) => tab === query.get("tab"));
  return (
    <Page title={t("settings.title")} about={t("settings.about")}>
      <Tabs.Root
        value={asked ?? "models"}
        onValueChange={(tab) => setQuery({ tab }, { replace: true })}
      >
        <Tabs.List className="tabs" aria-label={t("settings.title")}>
          {TABS.map((tab) => (
            <Tabs.Trigger key={tab} value={tab} className="tab">
              {t(`settings.tab.${tab}`)}
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        <Tabs.Content value="models">
          <Providers />
        </Tabs.Content>
        <Tabs.Content value="downloads">
          <Downloads />
        </Tabs.Content>
        <Tabs.Content value="server">
          <ServerSettings />
        </Tabs.Content>
      </Tabs.Root>
    </Page>
  );
}
