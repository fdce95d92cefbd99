import { useCallback } from "react";
import { useLanguage } from "../i18n/language";
import { useToast } from "../ui/Toasts";
import { useFailed } from "../ui/useFailed";
import { useErase, useRestoreMemories, type Whose } from "./memory";

/** Erases at once, and offers to bring it back. */
export function useErasing(): (what: { ids: string[] } | Whose) => void {
  const { t } = useLanguage();
  const say = useToast();
  const onError = useFailed();
  const { mutate: erase } = useErase();
  const { mutate: restore } = useRestoreMemories();
  return useCallback(
    (what) =>
      erase(what, {
        onError,
        onSuccess: ({ deleted }) => {
          if (deleted.length === 0) return;
          say({
            text:
              deleted.length === 1
                ? t("memory.erased")
                : t("memory.erasedMany", { count: String(deleted.length) }),
            action: { label: t("ui.undo"), run: () => restore(deleted, { onError }) },
          });
        },
      }),
    [erase, onError, restore, say, t],
  );
}
