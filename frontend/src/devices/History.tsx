import { MessagesSquare } from "lucide-react";
import { useDeviceConversations } from "../conversations/api";
import { ConversationAbout } from "../conversations/ConversationAbout";
import { ConversationRow } from "../conversations/ConversationRow";
import "../conversations/conversations.css";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { Failure } from "../ui/Failure";
import { Empty, Loading } from "../ui/Page";

/** The conversations that were held on a device, the newest first. */
export function History({ device }: { device: string }) {
  const { t } = useLanguage();
  const list = useDeviceConversations(device);
  const hits = list.data?.pages.flatMap((page) => page.hits) ?? [];
  if (list.error) return <Failure error={list.error} onRetry={() => void list.refetch()} />;
  if (!list.data) return <Loading />;
  if (hits.length === 0) {
    return (
      <Empty icon={<MessagesSquare aria-hidden="true" />} title={t("devices.noHistory")}>
        <p>{t("devices.noHistoryAbout")}</p>
      </Empty>
    );
  }
  return (
    <div className="day">
      <ul>
        {hits.map((hit) => (
          <ConversationRow
            key={hit.conversation.id}
            hit={hit}
            query=""
            about={<ConversationAbout one={hit.conversation} />}
          />
        ))}
      </ul>
      {list.hasNextPage && (
        <div className="list-more">
          <Button disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            {t("conversations.more")}
          </Button>
        </div>
      )}
    </div>
  );
}
