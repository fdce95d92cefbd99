import { useState } from "react";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Page";
import { type KnowledgeDocument, usePassages } from "./knowledge";

const PORTION = 20;

/** How a document was cut: what a search can find of it. */
export function Passages(props: { document: KnowledgeDocument; onClose: () => void }) {
  const { document, onClose } = props;
  const { t } = useLanguage();
  const [offset, setOffset] = useState(0);
  const { data, error } = usePassages(document.id, offset, PORTION);
  const last = Math.min(offset + PORTION, document.passages);
  return (
    <Dialog
      open
      wide
      title={document.title || document.file_name}
      about={t("knowledge.passagesAbout", {
        first: String(offset + 1),
        last: String(last),
        count: String(document.passages),
      })}
      onClose={onClose}
    >
      {error && <Failure error={error} />}
      {!data && !error && <Loading />}
      <ol className="rows">
        {data?.passages.map((one) => (
          <li key={one.position} className="passage">
            <p className="note">
              {[...one.headings, one.page && t("knowledge.page", { page: String(one.page) })]
                .filter(Boolean)
                .join(" › ")}
            </p>
            <p className="passage-text">{one.text}</p>
          </li>
        ))}
      </ol>
      <div className="dialog-actions">
        {document.passages > PORTION && (
          <>
            <Button disabled={offset === 0} onClick={() => setOffset(offset - PORTION)}>
              {t("knowledge.earlier")}
            </Button>
            <Button
              disabled={last >= document.passages}
              onClick={() => setOffset(offset + PORTION)}
            >
              {t("knowledge.later")}
            </Button>
          </>
        )}
        <Button look="primary" onClick={onClose}>
          {t("ui.close")}
        </Button>
      </div>
    </Dialog>
  );
}
