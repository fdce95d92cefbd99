import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Device } from "../src/devices/devices";
import { versionIn } from "../src/devices/firmware";
import { batteryOf, statusOf } from "../src/devices/status";
import { ago } from "../src/i18n/ago";
import { gathered } from "../src/server/events";

test("a device's own report is read, whatever its board knows", () => {
  const told = {
    audio_speaker: { volume: 70 },
    battery: { level: 18, charging: true },
    network: { type: "wifi", ssid: "Home", signal: "strong" },
  };
  expect(statusOf(JSON.stringify(told))).toEqual({
    battery: 18,
    charging: true,
    volume: 70,
    network: "Home · strong",
  });
  expect(statusOf('{"battery": 80}')?.battery).toBe(80);
  expect(statusOf('{"battery": {"level": 300}}')?.battery).toBe(null);
  for (const nothing of ["[]", "null", "3"]) expect(statusOf(nothing)?.battery).toBe(null);
  expect(statusOf("not json")).toBe(null);
});

test("a sleeping device's battery is as it told last, a connected one's as it tells", () => {
  const told = { percent: 40, charging: null, told_at: "2026-01-10T11:55:00Z" };
  const device = { id: "d", battery: told } as Device;
  const now = new Date("2026-01-10T12:00:00Z");
  const last = { percent: 40, charging: false, toldAt: told.told_at };
  expect(batteryOf(device, null, now)).toEqual(last);
  expect(batteryOf(device, statusOf("{}"), now)).toEqual(last);
  expect(batteryOf(device, null, new Date("2026-01-10T11:55:30Z"))?.toldAt).toBe(null);
  const empty = { percent: 0, charging: false, toldAt: null };
  expect(batteryOf(device, statusOf('{"battery": 0}'), now)).toEqual(empty);
  expect(batteryOf({ ...device, battery: null }, null, now)).toBe(null);
  expect(batteryOf({ id: "d" } as Device, null, now)).toBe(null);
});

test("a version is found in a file's name", () => {
  expect(versionIn("v1.8.2_bread-compact.bin")).toBe("1.8.2");
  expect(versionIn("firmware.bin")).toBe("");
});

test("moments are told as people say them", () => {
  const now = new Date("2026-01-10T12:00:00Z");
  expect(ago("2026-01-10T11:59:30Z", now, "en")).toBe("now");
  expect(ago("2026-01-10T11:55:00Z", now, "en")).toBe("5 minutes ago");
  expect(ago("2026-01-10T11:55:00Z", now, "zh")).toBe("5分钟前");
  expect(ago("2026-01-09T11:00:00Z", now, "en")).toBe("yesterday");
  expect(ago("2026-01-10T14:00:00Z", now, "en")).toBe("in 2 hours");
  expect(ago("2024-01-10T14:00:00Z", now, "en")).toBe("2 years ago");
});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("many changes are asked after twice: at once, and when they have settled", () => {
  const act = vi.fn();
  const { run, stop } = gathered(act, 100);
  for (let change = 0; change < 50; change++) run();
  expect(act).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(100);
  expect(act).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(1_000);
  expect(act).toHaveBeenCalledTimes(2);
  run();
  expect(act).toHaveBeenCalledTimes(3);
  run();
  stop();
  vi.advanceTimersByTime(1_000);
  expect(act).toHaveBeenCalledTimes(3);
});
