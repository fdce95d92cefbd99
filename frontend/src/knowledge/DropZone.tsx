import { FileUp } from "lucide-react";
import { type DragEvent, useId, useState } from "react";
import { useLanguage } from "../i18n/language";

const KINDS = ".txt,.text,.log,.csv,.md,.markdown,.html,.htm,.xhtml,.epub,.docx,.pdf";

/** Where files are dropped or chosen, many at once. */
export function DropZone({ onFiles }: { onFiles: (files: File[]) => void }) {
  const { t } = useLanguage();
  const id = useId();
  const [over, setOver] = useState(false);

  function drop(event: DragEvent) {
    event.preventDefault();
    setOver(false);
    onFiles([...event.dataTransfer.files]);
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the file field inside does the same by keyboard
    <div
      className={over ? "drop-zone over" : "drop-zone"}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <FileUp aria-hidden="true" />
      <p>{t("knowledge.drop")}</p>
      <input
        id={id}
        className="for-readers"
        type="file"
        multiple
        accept={KINDS}
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])]);
          event.target.value = "";
        }}
      />
      <label htmlFor={id} className="button primary drop-choose">
        {t("knowledge.choose")}
      </label>
      <p className="note">{t("knowledge.kinds")}</p>
    </div>
  );
}
