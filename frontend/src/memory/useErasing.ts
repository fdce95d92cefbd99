import { useCallback } from "react";
import { useLanguage } from "../i18n/language";
import { useUndoable } from "../ui/useUndoable";
import { useErase, useRestoreMemories, type Whose } from "./memory";

/** Erases at once, and offers to bring it back. */
export function useErasing(): (what: { ids: string[] } | Whose) => void {
  const { t } = useLanguage();
  const undoable = useUndoable();
  const { mutateAsync: erase } = useErase();
  const { mutateAsync: restore } = useRestoreMemories();
  return useCallback(
    (what) => {
      const told = ({ length }: string[]) =>
        length > 1
          ? t("memory.erasedMany", { count: String(length) })
          : length === 1
            ? t("memory.erased")
            : "";
      undoable(
        erase(what),
        ({ deleted }) => told(deleted),
        ({ deleted }) => restore(deleted),
      );
    },
    [erase, restore, t, undoable],
  );
}
