import { useCallback } from "react";
import { useLanguage } from "../i18n/language";
import { BROWSER } from "./memory";

/** What a person is called: everybody at this page has no name of their own. */
export function useWhoName(): (who: string, name: string) => string {
  const { t } = useLanguage();
  return useCallback((who, name) => (who === BROWSER ? t("memory.browser") : name), [t]);
}
