import { Power } from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { Failure } from "../ui/Failure";
import { Field } from "../ui/Field";
import { useToast } from "../ui/Toasts";
import { useFailed } from "../ui/useFailed";
import { type Device, push, useChangeDevice } from "./devices";
import { useFirmware } from "./firmware";

/** What this device loads at its next start: the newest for its board, or an image of its own. */
export function FirmwareChoice({ device }: { device: Device }) {
  const { t } = useLanguage();
  const say = useToast();
  const failed = useFailed();
  const change = useChangeDevice(device.id);
  const [busy, setBusy] = useState(false);
  const images = useFirmware().data?.firmware ?? [];
  const fitting = images.filter(({ model }) => model === device.model);
  const chosen = images.find(({ name }) => name === device.firmware_image);
  const newest = fitting.at(-1);
  const coming = chosen ?? (device.auto_update ? newest : undefined);
  const due = coming !== undefined && coming.version !== device.firmware;

  function choose(image: string | null) {
    const before = device.firmware_image ?? null;
    const undo = () => change.mutateAsync({ firmware_image: before }).catch(failed);
    change.mutate(
      { firmware_image: image },
      {
        onSuccess: () =>
          say({
            text: t("firmware.chosen", { name: device.name }),
            action: { label: t("ui.undo"), run: () => void undo() },
          }),
      },
    );
  }

  async function restart() {
    setBusy(true);
    try {
      await push(device.id, "reboot");
      say({ text: t("devices.pushed.reboot", { name: device.name }) });
    } catch (error) {
      failed(error);
    } finally {
      setBusy(false);
    }
  }

  return (
    <section className="card stack" aria-labelledby="device-firmware">
      <h2 id="device-firmware">{t("devices.fact.firmware")}</h2>
      <Field label={t("firmware.choice")}>
        {(control) => (
          <select
            {...control}
            value={device.firmware_image ?? ""}
            disabled={change.isPending}
            onChange={(event) => choose(event.target.value || null)}
          >
            <option value="">
              {t("firmware.usual", { model: device.model || device.board || device.name })}
            </option>
            {fitting.map(({ name, version }) => (
              <option key={name} value={name}>
                {version}
              </option>
            ))}
            {chosen && !fitting.includes(chosen) && (
              <option value={chosen.name}>{`${chosen.model} ${chosen.version}`}</option>
            )}
          </select>
        )}
      </Field>
      {change.error && <Failure error={change.error} />}
      <div className="acts">
        <p className="note firmware-coming" role="status">
          {t("firmware.has", { version: device.firmware || "?" })}{" "}
          {due && t("firmware.next", { version: coming.version })}
        </p>
        {due && (
          <Button
            small
            icon={<Power />}
            disabled={!device.online || busy}
            onClick={() => void restart()}
          >
            {t("firmware.now")}
          </Button>
        )}
        <Link className="button small quiet" to="/app/devices?tab=firmware">
          {t("firmware.manage")}
        </Link>
      </div>
    </section>
  );
}
