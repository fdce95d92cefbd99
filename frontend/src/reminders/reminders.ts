import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { request, type ServerError, send } from "../server/http";
import type { Repeat } from "./repeat";

export type ReminderKind = "remind" | "speak" | "alert" | "reboot";

/** Words, an alert or a restart, at a time, once or again and again. */
export interface Reminder {
  id: string;
  kind: ReminderKind;
  text: string;
  /** The next time; null once nothing more comes. */
  at: string | null;
  repeat: Repeat | null;
  device_id: string | null;
  device_name: string | null;
  state: "waiting" | "due" | "done" | "missed" | "cancelled";
  /** How it went the last time. */
  last: { at: string; outcome: "said" | "missed" | "failed"; note: string } | null;
}

export interface ReminderFields {
  text: string;
  /** As people say it, in Chinese or English. */
  when: string;
  kind: ReminderKind;
  device_id: string | null;
}

const KEY = ["reminders"];

/** Those of a device, or all: the next first, then those that are over. */
export function useReminders(device: string | null) {
  const query = device === null ? "" : `?device=${encodeURIComponent(device)}`;
  return useQuery({
    queryKey: [...KEY, "list", device],
    queryFn: () =>
      request<{ reminders: Reminder[]; grace_minutes: number }>(`/api/reminders${query}`),
  });
}

/** What time a text means; asked as one types. */
export function useReadTime(when: string) {
  return useQuery({
    queryKey: ["read-time", when],
    queryFn: () =>
      send<{ at: string; repeat: Repeat | null }>("POST", "/api/reminders/read-time", { when }),
    enabled: when.trim() !== "",
    retry: false,
  });
}

function useReminderMutation<Input>(run: (input: Input) => Promise<Reminder>) {
  const client = useQueryClient();
  return useMutation<Reminder, ServerError, Input>({
    mutationFn: run,
    onSettled: () => client.invalidateQueries({ queryKey: KEY }),
  });
}

/** Set a new one, or change what is sent of the one of `id`. */
export function useSaveReminder(id: string | null) {
  return useReminderMutation<Partial<ReminderFields>>((fields) => {
    if (id === null) return send("POST", "/api/reminders", fields);
    const { kind: _, ...changed } = fields;
    return send("PATCH", `/api/reminders/${id}`, changed);
  });
}

export function useCancelReminder() {
  return useReminderMutation<string>((id) => send("DELETE", `/api/reminders/${id}`));
}

export function useRestoreReminder() {
  return useReminderMutation<string>((id) => send("POST", `/api/reminders/${id}/restore`));
}
