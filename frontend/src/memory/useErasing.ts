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
  // By promises: the callbacks of `mutate` are lost with what is no longer shown.
  const { mutateAsync: erase } = useErase();
  const { mutateAsync: restore } = useRestoreMemories();
  return useCallback(
    (what) => {
      void erase(what).then(({ deleted }) => {
        if (deleted.length === 0) return;
        say({
          text:
            deleted.length === 1
              ? t("memory.erased")
              : t("memory.erasedMany", { count: String(deleted.length) }),
          action: { label: t("ui.undo"), run: () => void restore(deleted).catch(onError) },
        });
      }, onError);
    },
    [erase, onError, restore, say, t],
  );
}
