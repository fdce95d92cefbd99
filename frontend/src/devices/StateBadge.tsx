import { BatteryCharging, BatteryFull, BatteryLow, BatteryMedium } from "lucide-react";
import { ago } from "../i18n/ago";
import { useLanguage } from "../i18n/language";
import type { Device } from "./devices";
import { batteryOf, type DeviceStatus } from "./status";

const LOOKS: Record<Device["state"], string> = {
  offline: "",
  idle: "good",
  listening: "good",
  speaking: "good",
  unbound: "warn",
};

/** Whether the device is there, and what it does. */
export function StateBadge({ device }: { device: Device }) {
  const { t } = useLanguage();
  const busy = device.state === "listening" || device.state === "speaking";
  return (
    <span className={`badge ${LOOKS[device.state]}`}>
      {busy && <span className="live-mark device-mark" aria-hidden="true" />}
      {t(`devices.state.${device.state}`)}
    </span>
  );
}

/** How full it is: as a connected device tells just now, else as it told last, and when. */
export function BatteryBadge({ device, status }: { device: Device; status: DeviceStatus | null }) {
  const { t, language } = useLanguage();
  const now = new Date();
  const known = batteryOf(device, status, now);
  if (!known) return null;
  const { percent, charging, toldAt } = known;
  const low = percent <= 20 && !charging;
  const Sign = charging
    ? BatteryCharging
    : low
      ? BatteryLow
      : percent < 70
        ? BatteryMedium
        : BatteryFull;
  return (
    <span className={low ? "badge warn" : "badge"}>
      <Sign size={15} aria-hidden="true" />
      <span className="for-readers">
        {t(charging ? "devices.charging" : "devices.battery")}&nbsp;
      </span>
      {toldAt
        ? t("devices.batteryThen", { percent: String(percent), when: ago(toldAt, now, language) })
        : `${percent} %`}
    </span>
  );
}
