import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { request, type ServerError, send } from "../server/http";
import type { Schema } from "../tools/schema";
import type { Trial } from "../tools/TrialDialog";

export interface DeviceTool {
  name: string;
  description: string;
  parameters: Schema;
}

/** A bound device and how it is. */
export interface Device {
  id: string;
  /** The alias, else what the device calls itself. */
  name: string;
  alias: string;
  /** null: the default agent. */
  agent: string | null;
  model: string;
  board: string;
  firmware: string;
  language: string;
  auto_update: boolean;
  /** An image of its own in place of its board's newest; left out by servers that can't. */
  firmware_image?: string | null;
  bound_at: string;
  last_seen: string | null;
  online: boolean;
  state: "offline" | "idle" | "listening" | "speaking" | "unbound";
  transport: string | null;
  conversation: string | null;
  /** As it was told last; left out by servers that don't keep it. */
  battery?: { percent: number; charging: boolean | null; told_at: string } | null;
  tools: DeviceTool[];
}

/** A device that shows a code. */
export interface WaitingDevice {
  id: string;
  model: string;
  board: string;
  firmware: string;
  address: string;
}

/** Where devices find this server. */
export interface Setup {
  ota: string[];
  enabled: boolean;
  /** It listens to its own machine alone. */
  here_only: boolean;
  tls: boolean;
  code_minutes: number;
  auto_bind: string;
}

/** `self_audio_speaker_set_volume` -> Audio speaker set volume */
export function toolTitle({ name }: DeviceTool): string {
  const words = name.replace(/^self[._]/, "").replace(/[._]+/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const KEY = ["devices"];

/** All of them, live: the server tells of changes (`server/events.ts`). */
export function useDevices() {
  return useQuery({
    queryKey: [...KEY, "list"],
    queryFn: () => request<{ devices: Device[]; waiting: WaitingDevice[] }>("/api/devices"),
  });
}

export function useSetup() {
  return useQuery({
    queryKey: ["device-setup"],
    queryFn: () => request<Setup>("/api/devices/setup"),
  });
}

function useDeviceMutation<Input, Output>(run: (input: Input) => Promise<Output>) {
  const client = useQueryClient();
  return useMutation<Output, ServerError, Input>({
    mutationFn: run,
    onSettled: () => client.invalidateQueries({ queryKey: KEY }),
  });
}

export function useBindDevice() {
  return useDeviceMutation<{ code: string; alias: string; agent: string | null }, Device>(
    (wanted) => send("POST", "/api/devices/bind", wanted),
  );
}

export interface DeviceFields {
  alias: string;
  agent: string | null;
  auto_update: boolean;
  firmware_image: string | null;
}

export function useChangeDevice(id: string) {
  return useDeviceMutation<Partial<DeviceFields>, Device>((fields) =>
    send("PATCH", addressOf(id), fields),
  );
}

export function useUnbindDevice() {
  return useDeviceMutation<string, unknown>((id) => send("DELETE", addressOf(id)));
}

/** Undo of unbinding, while the server still knows the device. */
export function useRestoreDevice() {
  return useDeviceMutation<string, Device>((id) => send("POST", `${addressOf(id)}/restore`));
}

export function callDeviceTool(
  id: string,
  name: string,
  values: Record<string, unknown>,
): Promise<Trial> {
  const address = `${addressOf(id)}/tools/${encodeURIComponent(name)}/call`;
  return send<Trial>("POST", address, { arguments: values });
}

/** Have it say, show or do something. */
export function push(id: string, what: "speak" | "alert" | "reboot", body?: unknown) {
  return send<null>("POST", `${addressOf(id)}/${what}`, body);
}

export function addressOf(id: string): string {
  return `/api/devices/${encodeURIComponent(id)}`;
}
