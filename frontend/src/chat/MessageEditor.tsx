import { type KeyboardEvent, useId, useState } from "react";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { GrowingText } from "./GrowingText";
import { sends } from "./keys";
import { useTextLimit } from "./useTextLimit";

interface Props {
  text: string;
  onSend: (text: string) => void;
  onCancel: () => void;
}

/** A message being said differently, in its own place. */
export function MessageEditor({ text, onSend, onCancel }: Props) {
  const { t } = useLanguage();
  const [draft, setDraft] = useState(text);
  const note = useId();
  const { left, near } = useTextLimit(draft);
  const sendable = draft.trim() !== "" && draft.trim() !== text && left >= 0;

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === "Escape") {
      event.stopPropagation();
      onCancel();
    } else if (sends(event)) {
      event.preventDefault();
      if (sendable) onSend(draft.trim());
    }
  }

  return (
    <div className="editor">
      <GrowingText
        value={draft}
        onChange={setDraft}
        onKeyDown={onKeyDown}
        aria-label={t("chat.editLabel")}
        aria-describedby={note}
        aria-invalid={left < 0 || undefined}
        // The pencil was pressed to write here.
        autoFocus
        onFocus={(event) => event.currentTarget.setSelectionRange(draft.length, draft.length)}
      />
      <div className="editor-foot">
        <p
          id={note}
          className={left < 0 ? "field-error" : "note"}
          role={near ? "status" : undefined}
        >
          {near
            ? t(left < 0 ? "write.over" : "write.left", { count: String(Math.abs(left)) })
            : t("chat.editNote")}
        </p>
        <Button small onClick={onCancel}>
          {t("ui.cancel")}
        </Button>
        <Button small look="primary" disabled={!sendable} onClick={() => onSend(draft.trim())}>
          {t("write.send")}
        </Button>
      </div>
    </div>
  );
}
