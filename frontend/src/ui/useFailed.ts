import { useCallback } from "react";
import { problemOfRequest } from "../conversation/problem";
import { useLanguage } from "../i18n/language";
import { problemText } from "../server/problem";
import { useToast } from "./Toasts";

/** Says at the head of the page why a request failed: for what has no better place to say it. */
export function useFailed(): (error: unknown) => void {
  const { t, said } = useLanguage();
  const say = useToast();
  return useCallback(
    (error: unknown) => say({ text: problemText(problemOfRequest(error), t, said), bad: true }),
    [said, say, t],
  );
}
