import { Search, X } from "lucide-react";
import { useEffect, useState } from "react";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";

/** What is typed is looked for when the typing pauses. */
const PAUSE_MILLISECONDS = 250;

export function SearchField({ onSearch }: { onSearch: (query: string) => void }) {
  const { t } = useLanguage();
  const [text, setText] = useState("");

  useEffect(() => {
    const timer = setTimeout(() => onSearch(text), text === "" ? 0 : PAUSE_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [text, onSearch]);

  return (
    <search className="search-field">
      <Search aria-hidden="true" />
      <input
        className="input"
        type="search"
        aria-label={t("conversations.search")}
        placeholder={t("conversations.search")}
        value={text}
        maxLength={200}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape" || text === "") return;
          event.stopPropagation();
          setText("");
        }}
      />
      {text !== "" && (
        <Button
          look="quiet"
          small
          icon={<X />}
          label={t("conversations.clear")}
          onClick={() => setText("")}
        />
      )}
    </search>
  );
}
