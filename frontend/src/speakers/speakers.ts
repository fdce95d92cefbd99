import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { request, type ServerError, send } from "../server/http";
import { upload } from "../server/upload";

/** Somebody who agreed to be known by voice. */
export interface Speaker {
  id: string;
  name: string;
  /** Prints of the voice, and the seconds they were made of. */
  utterances: number;
  seconds: number;
  ready: boolean;
  consent: { by: string; text: string; at: string };
  last_heard: string | null;
}

export interface Speakers {
  speakers: Speaker[];
  enabled: boolean;
  engine: { title: string; state: string; detail: string };
  /** Utterances needed before somebody is recognised. */
  needed: number;
  /** Proposed words, by language. */
  consent_text: Record<string, string>;
}

export interface Enrolled extends Speaker {
  added: number;
  refused: { code: string; message: string }[];
}

export interface Recognised {
  speaker: { id: string; name: string } | null;
  scores: { id: string; name: string; score: number }[];
  threshold: number;
}

const KEY = ["speakers"];

export function useSpeakers() {
  return useQuery({ queryKey: KEY, queryFn: () => request<Speakers>("/api/speakers") });
}

function useSpeakerMutation<Input, Output>(run: (input: Input) => Promise<Output>) {
  const client = useQueryClient();
  return useMutation<Output, ServerError, Input>({
    mutationFn: run,
    onSettled: () => client.invalidateQueries({ queryKey: KEY }),
  });
}

export function useAddSpeaker() {
  return useSpeakerMutation<{ name: string; consent: { by: string; text: string } }, Speaker>(
    (wanted) => send("POST", "/api/speakers", wanted),
  );
}

export function useRenameSpeaker(id: string) {
  return useSpeakerMutation<string, Speaker>((name) =>
    send("PATCH", `/api/speakers/${id}`, { name }),
  );
}

/** With all prints, at once and for good. */
export function useDeleteSpeaker() {
  return useSpeakerMutation<string, unknown>((id) => send("DELETE", `/api/speakers/${id}`));
}

/** Throws the prints away, for good. */
export function useStartOver() {
  return useSpeakerMutation<string, Speaker>((id) =>
    send("DELETE", `/api/speakers/${id}/recordings`),
  );
}

export function useEnrol(id: string) {
  return useSpeakerMutation<File, Enrolled>((file) =>
    upload(`/api/speakers/${id}/recordings`, formOf(file)),
  );
}

export function useIdentify() {
  return useMutation<Recognised, ServerError, File>({
    mutationFn: (file) => upload("/api/speakers/identify", formOf(file)),
  });
}

function formOf(file: File): FormData {
  const form = new FormData();
  form.set("file", file);
  return form;
}
