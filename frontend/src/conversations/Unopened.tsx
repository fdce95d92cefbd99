import { MessageCircleQuestion, Phone } from "lucide-react";
import { Link } from "react-router";
import { useNewConversation } from "../conversation/ConversationProvider";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { Failure } from "../ui/Failure";
import { Empty, Loading } from "../ui/Page";
import type { Opened } from "./opened";

/** In place of a conversation that cannot be shown, or not yet: why, and the way on. */
export function Unopened({ opened }: { opened: Opened }) {
  const { t } = useLanguage();
  const fresh = useNewConversation();
  const { status, error, retry, leaveCall } = opened;
  return (
    <main className="page" id="content" tabIndex={-1}>
      {status === "loading" && <Loading />}
      {status === "failed" && <Failure error={error} onRetry={retry} />}
      {status === "missing" && (
        <Empty icon={<MessageCircleQuestion aria-hidden="true" />} title={t("chat.notFound")} alone>
          <p>{t("chat.notFoundAbout")}</p>
          <Button look="primary" onClick={fresh}>
            {t("conversations.new")}
          </Button>
        </Empty>
      )}
      {status === "elsewhere" && (
        <Empty icon={<Phone aria-hidden="true" />} title={t("chat.elsewhere")} alone>
          <p>{t("chat.elsewhereAbout")}</p>
          <Link className="button primary" to="/">
            {t("call.back")}
          </Link>
          <Button onClick={leaveCall}>{t("chat.endAndOpen")}</Button>
        </Empty>
      )}
    </main>
  );
}
