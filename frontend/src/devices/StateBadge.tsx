import { BatteryCharging, BatteryFull, BatteryLow, BatteryMedium } from "lucide-react";
import { useLanguage } from "../i18n/language";
import type { Device } from "./devices";
import type { DeviceStatus } from "./status";

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

export function BatteryBadge({ status }: { status: DeviceStatus | null }) {
  const { t } = useLanguage();
  if (status?.battery == null) return null;
  const { battery, charging } = status;
  const low = battery <= 20 && !charging;
  const Sign = charging
    ? BatteryCharging
    : low
      ? BatteryLow
      : battery < 70
        ? BatteryMedium
        : BatteryFull;
  return (
    <span className={low ? "badge warn" : "badge"}>
      <Sign size={15} aria-hidden="true" />
      <span className="for-readers">
        {t(charging ? "devices.charging" : "devices.battery")}&nbsp;
      </span>
      {battery} %
    </span>
  );
}
