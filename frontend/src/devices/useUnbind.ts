import { useCallback } from "react";
import { useLanguage } from "../i18n/language";
import { useUndoable } from "../ui/useUndoable";
import { type Device, useRestoreDevice, useUnbindDevice } from "./devices";

/** Unbinds a device at once, and offers to take it back. */
export function useUnbind(): (device: Device) => void {
  const { t } = useLanguage();
  const undoable = useUndoable();
  const { mutateAsync: unbind } = useUnbindDevice();
  const { mutateAsync: restore } = useRestoreDevice();
  return useCallback(
    ({ id, name }) => undoable(unbind(id), t("devices.unbound", { name }), () => restore(id)),
    [restore, t, unbind, undoable],
  );
}
