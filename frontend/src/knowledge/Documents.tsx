import { X } from "lucide-react";
import { useState } from "react";
import { useLanguage } from "../i18n/language";
import { useProblemText } from "../server/problem";
import { fileSize } from "../settings/sizes";
import { Button } from "../ui/Button";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Page";
import { DocumentRow } from "./DocumentRow";
import { DropZone } from "./DropZone";
import { type KnowledgeDocument, useDocuments } from "./knowledge";
import { Passages } from "./Passages";
import type { Upload, UploadQueue } from "./uploads";
import { useUploads } from "./useUploads";

/** The documents of a base, those on their way among them. */
export function Documents({ baseId }: { baseId: string }) {
  const { t } = useLanguage();
  const { data, error, refetch } = useDocuments(baseId);
  const { uploads, queue } = useUploads(baseId);
  const [opened, setOpened] = useState<KnowledgeDocument | null>(null);
  const newest = [...(data?.documents ?? [])].reverse();
  return (
    <div className="stack">
      <DropZone onFiles={(files) => queue.add(baseId, files)} />
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Loading />}
      {data && (
        <p className="note" role="status">
          {newest.length === 1
            ? t("knowledge.document")
            : t("knowledge.documents", { count: String(newest.length) })}
        </p>
      )}
      <ul className="rows">
        {uploads.map((one) => (
          <UploadRow key={one.id} upload={one} queue={queue} />
        ))}
        {newest.map((one) => (
          <DocumentRow key={one.id} document={one} onOpen={() => setOpened(one)} />
        ))}
      </ul>
      {opened && <Passages document={opened} onClose={() => setOpened(null)} />}
    </div>
  );
}

/** A file that is being sent. */
function UploadRow({ upload, queue }: { upload: Upload; queue: UploadQueue }) {
  const { t } = useLanguage();
  const { id, file, state, share } = upload;
  const problem = useProblemText(upload.error);
  return (
    <li className="card document">
      <div className="document-text">
        <h2>{file.name}</h2>
        <p className="note">{fileSize(file.size)}</p>
        {state === "failed" ? (
          <p className="field-error" role="alert">
            {problem}
          </p>
        ) : (
          <>
            <p className="note">{t(`knowledge.upload.${state}`)}</p>
            <progress
              aria-label={t("knowledge.sending", { name: file.name })}
              max={1}
              value={share}
            />
          </>
        )}
      </div>
      <div className="row-acts">
        {state === "failed" && (
          <Button small onClick={() => queue.retry(id)}>
            {t("ui.retry")}
            <span className="for-readers">: {file.name}</span>
          </Button>
        )}
        <Button
          look="quiet"
          small
          icon={<X />}
          label={t("knowledge.cancel", { name: file.name })}
          onClick={() => queue.cancel(id)}
        />
      </div>
    </li>
  );
}
