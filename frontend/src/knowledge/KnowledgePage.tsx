import { BookOpen, Plus } from "lucide-react";
import { useState } from "react";
import { useParams } from "react-router";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { Failure } from "../ui/Failure";
import { Empty, Loading, Page } from "../ui/Page";
import { PageTabs } from "../ui/PageTabs";
import { BaseCard } from "./BaseCard";
import { BaseDialog } from "./BaseDialog";
import { BasePage } from "./BasePage";
import { useBases } from "./knowledge";
import { SearchTest } from "./SearchTest";
import "./knowledge.css";

/** What agents may look up; `/app/knowledge/{id}` opens one base. */
export function KnowledgePage() {
  const { t } = useLanguage();
  const { baseId } = useParams();
  const { data, error, refetch } = useBases();
  const [adding, setAdding] = useState(false);
  const base = data?.bases.find(({ id }) => id === baseId);
  if (base) return <BasePage key={base.id} base={base} />;
  const list = (
    <div className="stack">
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Loading />}
      {data && baseId && (
        <p className="notice warn" role="alert">
          {t("knowledge.gone")}
        </p>
      )}
      {data?.bases.length === 0 && (
        <Empty icon={<BookOpen aria-hidden="true" />} title={t("knowledge.empty")}>
          <p className="empty-about">{t("knowledge.emptyAbout")}</p>
          <Button look="primary" onClick={() => setAdding(true)}>
            {t("knowledge.new")}
          </Button>
        </Empty>
      )}
      <ul className="base-list">
        {data?.bases.map((one) => (
          <BaseCard key={one.id} base={one} />
        ))}
      </ul>
    </div>
  );
  return (
    <Page
      title={t("knowledge.title")}
      about={t("knowledge.about")}
      actions={
        data && data.bases.length > 0 ? (
          <Button look="primary" icon={<Plus />} onClick={() => setAdding(true)}>
            {t("knowledge.new")}
          </Button>
        ) : null
      }
    >
      {data && data.bases.length > 0 ? (
        <PageTabs
          label={t("knowledge.title")}
          tabs={[
            { id: "bases", label: t("knowledge.tab.bases"), content: list },
            { id: "test", label: t("knowledge.tab.test"), content: <SearchTest bases={[]} /> },
          ]}
        />
      ) : (
        list
      )}
      {adding && <BaseDialog base={null} onClose={() => setAdding(false)} />}
    </Page>
  );
}
