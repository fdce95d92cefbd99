import { useLanguage } from "../i18n/language";
import { Speakers } from "../speakers/Speakers";
import { Page } from "../ui/Page";
import { PageTabs } from "../ui/PageTabs";
import { Memories } from "./Memories";
import "./memory.css";

/** What agents remember of people, and whose voices they know. */
export function MemoryPage() {
  const { t } = useLanguage();
  return (
    <Page title={t("memory.title")} about={t("memory.about")}>
      <PageTabs
        label={t("memory.title")}
        tabs={[
          { id: "memories", label: t("speakers.memories"), content: <Memories /> },
          { id: "voices", label: t("speakers.tab"), content: <Speakers /> },
        ]}
      />
    </Page>
  );
}
