import { useLanguage } from "../i18n/language";
import { Page } from "../ui/Page";
import { Memories } from "./Memories";
import "./memory.css";

/** What agents remember of people. */
export function MemoryPage() {
  const { t } = useLanguage();
  return (
    <Page title={t("memory.title")} about={t("memory.about")}>
      <Memories />
    </Page>
  );
}
