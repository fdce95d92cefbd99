import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { request, type ServerError, send } from "../server/http";
import { upload } from "../server/upload";

/** An image kept for devices of a model. */
export interface FirmwareImage {
  model: string;
  version: string;
  name: string;
  /** Bytes. */
  size: number;
}

const KEY = ["firmware"];

export function useFirmware() {
  return useQuery({
    queryKey: KEY,
    queryFn: () =>
      request<{ firmware: FirmwareImage[]; max_bytes: number }>("/api/devices/firmware"),
  });
}

interface NewImage {
  model: string;
  version: string;
  file: File;
  /** Stops the sending. */
  signal: AbortSignal;
}

export function useAddFirmware(onProgress: (share: number) => void) {
  const client = useQueryClient();
  return useMutation<FirmwareImage, ServerError, NewImage>({
    mutationFn: ({ model, version, file, signal }) => {
      const form = new FormData();
      form.set("model", model);
      form.set("version", version);
      form.set("file", file);
      return upload("/api/devices/firmware", form, { onProgress, signal });
    },
    onSettled: () => client.invalidateQueries({ queryKey: KEY }),
  });
}

export function useDeleteFirmware() {
  const client = useQueryClient();
  return useMutation<unknown, ServerError, string>({
    mutationFn: (name) => send("DELETE", `/api/devices/firmware/${encodeURIComponent(name)}`),
    onSettled: () => client.invalidateQueries({ queryKey: KEY }),
  });
}

/** The version in a file's name, such as 1.8.2 of `v1.8.2_board.bin`; empty where there is none. */
export function versionIn(name: string): string {
  return name.match(/\d+(?:\.\d+)+/)?.[0] ?? "";
}
