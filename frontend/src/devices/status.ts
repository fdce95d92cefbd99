import { useQuery } from "@tanstack/react-query";
import { callDeviceTool, type Device } from "./devices";

/** What a device tells of itself where it has a tool for it; null where it does not. */
export interface DeviceStatus {
  /** 0 to 100. */
  battery: number | null;
  charging: boolean;
  volume: number | null;
  network: string;
}

const ASKING = "self_get_device_status";
const FRESH_MILLISECONDS = 60_000;

/** Asks a connected device how it is, once a minute at most. */
export function useDeviceStatus(device: Device): DeviceStatus | null {
  const able = device.online && device.tools.some(({ name }) => name === ASKING);
  const { data } = useQuery({
    queryKey: ["device-status", device.id, device.conversation],
    queryFn: async () => {
      const { text, failed } = await callDeviceTool(device.id, ASKING, {});
      return failed ? null : statusOf(text);
    },
    enabled: able,
    retry: false,
    staleTime: FRESH_MILLISECONDS,
    refetchInterval: FRESH_MILLISECONDS,
  });
  return able ? (data ?? null) : null;
}

export interface KnownBattery {
  /** 0 to 100. */
  percent: number;
  charging: boolean;
  /** ISO time; null: within the last minute. */
  toldAt: string | null;
}

/** What is known of its battery: what it tells now, else what the server kept. */
export function batteryOf(
  device: Device,
  status: DeviceStatus | null,
  now: Date,
): KnownBattery | null {
  if (status?.battery != null)
    return { percent: status.battery, charging: status.charging, toldAt: null };
  if (!device.battery) return null;
  const { percent, charging, told_at } = device.battery;
  const fresh = now.getTime() - Date.parse(told_at) < FRESH_MILLISECONDS;
  return { percent, charging: charging === true, toldAt: fresh ? null : told_at };
}

/** Reads the JSON that firmware answers with; boards differ in what they know. */
export function statusOf(text: string): DeviceStatus | null {
  let told: unknown;
  try {
    told = JSON.parse(text);
  } catch {
    return null;
  }
  const battery = part(told, "battery");
  const network = part(told, "network");
  return {
    battery: percent(battery.level ?? (told as { battery?: unknown } | null)?.battery),
    charging: battery.charging === true,
    volume: percent(part(told, "audio_speaker").volume),
    network: [network.ssid ?? network.carrier, network.signal].filter(isText).join(" · "),
  };
}

function part(whole: unknown, name: string): Record<string, unknown> {
  const found = (whole as Record<string, unknown> | null)?.[name];
  return typeof found === "object" && found !== null ? (found as Record<string, unknown>) : {};
}

function percent(value: unknown): number | null {
  return typeof value === "number" && value >= 0 && value <= 100 ? Math.round(value) : null;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
