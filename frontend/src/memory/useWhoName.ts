import { useCallback } from "react";
import { ago } from "../i18n/ago";
import { useLanguage } from "../i18n/language";
import { usePeople } from "./memory";
import { kindOf, markOf, ownOwner } from "./owners";

/** What a person is called; who uses a browser has no name of their own. */
export function useWhoName(): (who: string, name: string) => string {
  const { t, language } = useLanguage();
  const people = usePeople().data?.people;
  return useCallback(
    (who, name) => {
      switch (kindOf(who, ownOwner())) {
        case "named":
          return name;
        case "this":
          return t("memory.thisBrowser");
        case "shared":
          return t("memory.shared");
        case "other": {
          const seen = people?.filter((one) => one.who === who).map((one) => one.updated_at);
          const last = seen?.sort().at(-1);
          if (last === undefined) return t("memory.otherBrowser", { mark: markOf(who) });
          return t("memory.otherBrowserSeen", {
            mark: markOf(who),
            when: ago(last, new Date(), language),
          });
        }
      }
    },
    [language, people, t],
  );
}
