import { useCallback } from "react";
import { useLanguage } from "../i18n/language";
import { useUndoable } from "../ui/useUndoable";
import { useMove, type Whose } from "./memory";
import { ownOwner } from "./owners";

/** Makes what somebody else's browser told this one's, and offers to give it back. */
export function useTaking(): (from: Whose & { who: string }) => void {
  const { t } = useLanguage();
  const undoable = useUndoable();
  const { mutateAsync: move } = useMove();
  return useCallback(
    (from) =>
      undoable(
        move({ ...from, to: ownOwner() }),
        ({ moved }) => (moved.length > 0 ? t("memory.taken") : ""),
        ({ moved }) => move({ ids: moved, to: from.who }),
      ),
    [move, t, undoable],
  );
}
