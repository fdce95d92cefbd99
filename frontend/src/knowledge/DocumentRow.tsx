import { Download, RotateCw, ScrollText, Trash2, X } from "lucide-react";
import { useLanguage } from "../i18n/language";
import { fileSize } from "../settings/sizes";
import { Button } from "../ui/Button";
import { Menu, MenuItem } from "../ui/Menu";
import { useFailed } from "../ui/useFailed";
import { useUndoable } from "../ui/useUndoable";
import { type DocumentState, type KnowledgeDocument, useDocumentAct } from "./knowledge";

const LOOKS: Record<DocumentState, string> = {
  queued: "",
  reading: "warn",
  embedding: "warn",
  ready: "good",
  failed: "bad",
  cancelled: "",
};

/** One document: how far it is, what went wrong, what can be done with it. */
export function DocumentRow(props: { document: KnowledgeDocument; onOpen: () => void }) {
  const { id, file_name, title, size, state, progress, waiting, error, passages } = props.document;
  const { t, said } = useLanguage();
  const undoable = useUndoable();
  const onError = useFailed();
  const cancel = useDocumentAct("cancel");
  const retry = useDocumentAct("retry");
  const remove = useDocumentAct("delete");
  const restore = useDocumentAct("restore");
  const busy = state === "queued" || state === "reading" || state === "embedding";
  const again = state === "failed" || state === "cancelled";
  const name = title || file_name;

  const throwAway = () =>
    undoable(remove.mutateAsync(id), t("knowledge.documentDeleted", { name }), () =>
      restore.mutateAsync(id),
    );

  return (
    <li className="card document">
      <div className="document-text">
        <h2>{name}</h2>
        <p className="note">
          {[
            title && title !== file_name ? file_name : "",
            fileSize(size),
            passages === 1 ? t("knowledge.passage") : "",
            passages > 1 ? t("knowledge.passages", { count: String(passages) }) : "",
          ]
            .filter(Boolean)
            .join(" · ")}
        </p>
        <p className="facts">
          <span className={`badge ${LOOKS[state]}`}>{t(`knowledge.state.${state}`)}</span>
        </p>
        {waiting && <p className="note">{said(waiting)}</p>}
        {busy && (
          <progress
            aria-label={t("knowledge.importing", { name })}
            max={1}
            {...(progress === null ? {} : { value: progress })}
          />
        )}
        {error && (
          <p className="field-error">{[error.message, error.hint].map(said).join(" ").trim()}</p>
        )}
      </div>
      <div className="row-acts">
        {busy && (
          <Button
            look="quiet"
            small
            icon={<X />}
            label={t("knowledge.cancel", { name })}
            onClick={() => cancel.mutate(id, { onError })}
          />
        )}
        {again && (
          <Button small onClick={() => retry.mutate(id, { onError })}>
            {t("ui.retry")}
            <span className="for-readers">: {name}</span>
          </Button>
        )}
        <Menu label={t("knowledge.menu", { name })}>
          {passages > 0 && (
            <MenuItem icon={<ScrollText />} onSelect={props.onOpen}>
              {t("knowledge.showPassages")}
            </MenuItem>
          )}
          <MenuItem
            icon={<Download />}
            onSelect={() => location.assign(`/api/knowledge/documents/${id}/original`)}
          >
            {t("knowledge.download")}
          </MenuItem>
          {state === "ready" && (
            <MenuItem icon={<RotateCw />} onSelect={() => retry.mutate(id, { onError })}>
              {t("knowledge.again")}
            </MenuItem>
          )}
          <MenuItem icon={<Trash2 />} danger onSelect={throwAway}>
            {t("ui.delete")}
          </MenuItem>
        </Menu>
      </div>
    </li>
  );
}
