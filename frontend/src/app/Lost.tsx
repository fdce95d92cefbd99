import { Compass } from "lucide-react";
import { Link, useRouteError } from "react-router";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { Empty } from "../ui/Page";
import { usePageTitle } from "./title";

/** An address that the page does not have. */
export function Lost() {
  const { t } = useLanguage();
  usePageTitle(t("app.lost"));
  return (
    <main id="content" className="page" tabIndex={-1}>
      <Empty icon={<Compass aria-hidden="true" />} title={t("app.lost")} alone>
        <Link className="button" to="/">
          {t("app.home")}
        </Link>
      </Empty>
    </main>
  );
}

/** A part of the page failed: say so, and offer the way back. */
export function Stumbled() {
  const { t } = useLanguage();
  const error = useRouteError();
  return (
    <main className="page">
      <div role="alert">
        <Empty title={t("app.crashed")} alone>
          <p>{t("app.crashedHint")}</p>
          <code>{error instanceof Error ? error.message : String(error)}</code>
          <Button look="primary" onClick={() => location.reload()}>
            {t("app.reload")}
          </Button>
        </Empty>
      </div>
    </main>
  );
}
