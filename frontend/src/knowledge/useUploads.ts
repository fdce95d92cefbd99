import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { useLanguage } from "../i18n/language";
import { useToast } from "../ui/Toasts";
import { sendDocument } from "./knowledge";
import { type Upload, UploadQueue } from "./uploads";

const queue = new UploadQueue(sendDocument);

/** The files on their way to one base, and the line they stand in. */
export function useUploads(baseId: string): { uploads: Upload[]; queue: UploadQueue } {
  const { t } = useLanguage();
  const say = useToast();
  const client = useQueryClient();
  const all = useSyncExternalStore(queue.subscribe, () => queue.uploads);
  useEffect(() => {
    queue.onDone = (added) => {
      void client.invalidateQueries({ queryKey: ["knowledge"] });
      if (added.known) say({ text: t("knowledge.known", { name: added.file_name }) });
    };
  }, [client, say, t]);
  return { uploads: all.filter((one) => one.baseId === baseId), queue };
}
