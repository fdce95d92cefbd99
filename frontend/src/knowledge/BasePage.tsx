import { Trash2 } from "lucide-react";
import { Link, useNavigate } from "react-router";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { Page } from "../ui/Page";
import { PageTabs } from "../ui/PageTabs";
import { Documents } from "./Documents";
import type { Base } from "./knowledge";
import { SearchTest } from "./SearchTest";
import { useThrowBase } from "./useThrow";
import { useUsers } from "./useUsers";
import "./knowledge.css";

/** One base: its documents, and questions to try. */
export function BasePage({ base }: { base: Base }) {
  const { t } = useLanguage();
  const navigate = useNavigate();
  const throwAway = useThrowBase();
  const users = useUsers(base.id);
  return (
    <Page
      title={base.name}
      about={base.description}
      back={{ to: "/app/knowledge", text: t("knowledge.back") }}
      facts={
        users.length > 0 && (
          <p className="note">{t("knowledge.users", { names: users.join(", ") })}</p>
        )
      }
      actions={
        <Button
          look="danger"
          icon={<Trash2 />}
          onClick={() => {
            void navigate("/app/knowledge");
            throwAway(base);
          }}
        >
          {t("ui.delete")}
        </Button>
      }
    >
      {users.length === 0 && (
        <p className="notice warn">
          <span>
            {t("knowledge.nobodyAbout")} <Link to="/app/agents">{t("agents.title")}</Link>
          </span>
        </p>
      )}
      <PageTabs
        label={base.name}
        tabs={[
          {
            id: "documents",
            label: t("knowledge.tab.documents"),
            content: <Documents baseId={base.id} />,
          },
          {
            id: "test",
            label: t("knowledge.tab.test"),
            content: <SearchTest bases={[base.id]} />,
          },
        ]}
      />
    </Page>
  );
}
