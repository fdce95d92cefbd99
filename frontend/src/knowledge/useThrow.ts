import { useCallback } from "react";
import { useLanguage } from "../i18n/language";
import { useToast } from "../ui/Toasts";
import { useFailed } from "../ui/useFailed";
import { type Base, useDeleteBase, useRestoreBase } from "./knowledge";

/** Deletes a base at once, and offers to bring it back. */
export function useThrowBase(): (base: Base) => void {
  const { t } = useLanguage();
  const say = useToast();
  const onError = useFailed();
  const { mutate: remove } = useDeleteBase();
  const { mutate: restore } = useRestoreBase();
  return useCallback(
    (base) =>
      remove(base.id, {
        onError,
        onSuccess: () =>
          say({
            text: t("knowledge.deleted", { name: base.name }),
            action: { label: t("ui.undo"), run: () => restore(base.id, { onError }) },
          }),
      }),
    [onError, remove, restore, say, t],
  );
}
