import { useCallback } from "react";
import { useLanguage } from "../i18n/language";
import { useToast } from "../ui/Toasts";
import { useFailed } from "../ui/useFailed";
import { type Device, useRestoreDevice, useUnbindDevice } from "./devices";

/** Unbinds a device at once, and offers to take it back. */
export function useUnbind(): (device: Device) => void {
  const { t } = useLanguage();
  const say = useToast();
  const failed = useFailed();
  // By promises: the callbacks of `mutate` are lost with what is no longer shown.
  const { mutateAsync: unbind } = useUnbindDevice();
  const { mutateAsync: restore } = useRestoreDevice();
  return useCallback(
    (device) => {
      const undo = () => void restore(device.id).catch(failed);
      void unbind(device.id).then(
        () =>
          say({
            text: t("devices.unbound", { name: device.name }),
            action: { label: t("ui.undo"), run: undo },
          }),
        failed,
      );
    },
    [failed, restore, say, t, unbind],
  );
}
