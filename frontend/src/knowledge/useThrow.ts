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
  // By promises: the callbacks of `mutate` are lost with what is no longer shown.
  const { mutateAsync: remove } = useDeleteBase();
  const { mutateAsync: restore } = useRestoreBase();
  return useCallback(
    (base) => {
      const undo = () => void restore(base.id).catch(onError);
      void remove(base.id).then(
        () =>
          say({
            text: t("knowledge.deleted", { name: base.name }),
            action: { label: t("ui.undo"), run: undo },
          }),
        onError,
      );
    },
    [onError, remove, restore, say, t],
  );
}
