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
  const { mutate: unbind } = useUnbindDevice();
  const { mutate: restore } = useRestoreDevice();
  return useCallback(
    (device) =>
      unbind(device.id, {
        onError: failed,
        onSuccess: () =>
          say({
            text: t("devices.unbound", { name: device.name }),
            action: {
              label: t("ui.undo"),
              run: () => restore(device.id, { onError: failed }),
            },
          }),
      }),
    [failed, restore, say, t, unbind],
  );
}
