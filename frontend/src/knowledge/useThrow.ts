import { useCallback } from "react";
import { useLanguage } from "../i18n/language";
import { useUndoable } from "../ui/useUndoable";
import { type Base, useDeleteBase, useRestoreBase } from "./knowledge";

/** Deletes a base at once, and offers to bring it back. */
export function useThrowBase(): (base: Base) => void {
  const { t } = useLanguage();
  const undoable = useUndoable();
  const { mutateAsync: remove } = useDeleteBase();
  const { mutateAsync: restore } = useRestoreBase();
  return useCallback(
    ({ id, name }) => undoable(remove(id), t("knowledge.deleted", { name }), () => restore(id)),
    [remove, restore, t, undoable],
  );
}
