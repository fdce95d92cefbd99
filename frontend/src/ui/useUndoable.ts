import { useCallback } from "react";
import { useLanguage } from "../i18n/language";
import { useToast } from "./Toasts";
import { useFailed } from "./useFailed";

/**
 * Does something at once, tells it, and offers to take it back. By promises: the callbacks of `mutate` are
 * lost with what is no longer shown. `text` may be made of what was done; empty where nothing was.
 */
export function useUndoable(): <Done>(
  doing: Promise<Done>,
  text: string | ((done: Done) => string),
  undo: (done: Done) => Promise<unknown>,
) => void {
  const { t } = useLanguage();
  const say = useToast();
  const failed = useFailed();
  return useCallback(
    (doing, text, undo) => {
      void doing.then((done) => {
        const told = typeof text === "string" ? text : text(done);
        const run = () => void undo(done).catch(failed);
        if (told !== "") say({ text: told, action: { label: t("ui.undo"), run } });
      }, failed);
    },
    [failed, say, t],
  );
}
