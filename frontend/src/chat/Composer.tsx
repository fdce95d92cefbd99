import { type FormEvent, useState } from "react";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";

/** Writing instead of speaking, in the same conversation. */
export function Composer({ ready, onWrite }: { ready: boolean; onWrite: (text: string) => void }) {
  const { t } = useLanguage();
  const [text, setText] = useState("");

  function submit(event: FormEvent) {
    event.preventDefault();
    const message = text.trim();
    if (!message || !ready) return;
    onWrite(message);
    setText("");
  }

  return (
    <form className="composer" onSubmit={submit}>
      <label className="for-readers" htmlFor="message">
        {t("write.label")}
      </label>
      <input
        id="message"
        className="input"
        value={text}
        onChange={(event) => setText(event.target.value)}
        placeholder={t("write.placeholder")}
        autoComplete="off"
        enterKeyHint="send"
        maxLength={4000}
      />
      <Button type="submit" disabled={!ready || text.trim() === ""}>
        {t("write.send")}
      </Button>
    </form>
  );
}
