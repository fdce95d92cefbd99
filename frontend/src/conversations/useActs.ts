import { useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { useNavigate } from "react-router";
import { useConversation } from "../conversation/ConversationProvider";
import { isInCall } from "../conversation/store";
import { useLanguage } from "../i18n/language";
import { send } from "../server/http";
import { useToast } from "../ui/Toasts";
import { useFailed } from "../ui/useFailed";
import type { ConversationInfo } from "./api";
import { type Format, saveExport } from "./saving";

interface Deleted {
  deleted: string[];
  skipped: { id: string; code: string; message: string }[];
}

/** What can be done with stored conversations; what went wrong is said at the head of the page. */
export function useConversationActs() {
  const { t } = useLanguage();
  const say = useToast();
  const client = useQueryClient();
  const navigate = useNavigate();
  const { store, actions } = useConversation();

  const failed = useFailed();

  return useMemo(() => {
    const changed = () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ["conversations"] }),
        client.invalidateQueries({ queryKey: ["conversation"] }),
      ]);
    const restore = async (ids: string[]) => {
      await send("POST", "/api/conversations/restore", { ids });
      await changed();
      say({ text: t("conversations.restored") });
    };
    return {
      rename: (id: string, title: string) =>
        send("PATCH", `/api/conversations/${id}`, { title }).then(changed).catch(failed),

      remove: async (some: ConversationInfo[]) => {
        const ids = some.map(({ id }) => id);
        const here = store.state.conversationId;
        const open = here !== null && ids.includes(here) && location.pathname.includes(here);
        const leaving = open && !isInCall(store.state);
        // Left first: the page would ask for what is gone as soon as the server tells of it.
        if (leaving) {
          actions.fresh();
          void navigate("/");
        }
        const comeBack = () => leaving && void navigate(`/app/c/${here}`);
        try {
          const { deleted, skipped } = await send<Deleted>("POST", "/api/conversations/delete", {
            ids,
          });
          if (leaving && !deleted.includes(here)) comeBack();
          await changed();
          const [first] = some.filter(({ id }) => deleted.includes(id));
          const count = String(deleted.length);
          if (first) {
            const undo = () => void restore(deleted).catch(failed);
            const title = first.title || t("conversations.untitled");
            const one = deleted.length === 1;
            say({
              text: one
                ? t("conversations.deleted", { title: shortened(title) })
                : t("conversations.deletedMany", { count }),
              action: { label: t("ui.undo"), run: undo },
            });
          }
          if (skipped.length > 0) {
            say({ text: t("conversations.skipped", { count: String(skipped.length) }), bad: true });
          }
        } catch (error) {
          comeBack();
          failed(error);
        }
      },

      save: (one: ConversationInfo, format: Format) => saveExport(one, format).catch(failed),
    };
  }, [actions, client, failed, navigate, say, store, t]);
}

const SHORT = 40;

function shortened(title: string): string {
  const letters = Array.from(title);
  return letters.length > SHORT ? `${letters.slice(0, SHORT).join("")}…` : title;
}
