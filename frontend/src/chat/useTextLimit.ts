import { useQuery } from "@tanstack/react-query";
import { request } from "../server/http";

interface Settings {
  settings: { name: string; value: string }[];
}

/** Texts shorter than this need no look at the limit: no server is set that low by reason. */
const SHORT = 500;
/** The count is shown when this share of the limit is written. */
const NEAR = 0.9;

/** How many characters `text` leaves of the server's limit (`limits.max_text_chars`). */
export function useTextLimit(text: string): { left: number; near: boolean } {
  const length = text.trim().length;
  const { data } = useQuery({
    queryKey: ["settings"],
    queryFn: () => request<Settings>("/api/settings"),
    enabled: length > SHORT,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const setting = data?.settings.find(({ name }) => name === "limits.max_text_chars");
  const limit = Number(setting?.value ?? Number.POSITIVE_INFINITY);
  return { left: limit - length, near: length > NEAR * limit };
}
