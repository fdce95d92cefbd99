import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { request } from "../server/http";

/** A conversation as the lists show it. */
export interface ConversationInfo {
  id: string;
  title: string;
  agent_id: string | null;
  /** How it was begun: `realtime`, `chat` … */
  surface: string;
  created_at: string;
  updated_at: string;
  item_count: number;
  /** It is being held now. */
  live: boolean;
}

/** One found by a search: the words around what was looked for. */
export interface Hit {
  conversation: ConversationInfo;
  snippet: string;
}

interface Page {
  hits: Hit[];
  next: string | null;
}

/**
 * The conversations that hold every word of `query` (all of them for an empty one), newest first,
 * a page at a time. The server says when they change (`server/events.ts`).
 */
export function useConversations(query: string, limit: number) {
  const words = query.trim();
  return useInfiniteQuery({
    queryKey: ["conversations", words, limit],
    queryFn: ({ pageParam, signal }) => fetchPage(words, limit, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
  });
}

/** Those held on one device, newest first, a page at a time. */
export function useDeviceConversations(device: string) {
  return useInfiniteQuery({
    queryKey: ["conversations", "device", device],
    queryFn: ({ pageParam, signal }) => fetchPage("", 30, pageParam, signal, device),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
  });
}

async function fetchPage(
  words: string,
  limit: number,
  cursor: string | null,
  signal: AbortSignal,
  device: string | null = null,
): Promise<Page> {
  const query = new URLSearchParams({ limit: String(limit) });
  if (device !== null) query.set("device_id", device);
  if (cursor !== null) query.set("cursor", cursor);
  if (words !== "") {
    query.set("q", words);
    return request<Page>(`/api/conversations/search?${query}`, { signal });
  }
  const { conversations, next } = await request<{
    conversations: ConversationInfo[];
    next: string | null;
  }>(`/api/conversations?${query}`, { signal });
  // A device that was woken and told nothing leaves an empty one behind.
  const held = conversations.filter(({ live, item_count }) => live || item_count > 0);
  return { hits: held.map((conversation) => ({ conversation, snippet: "" })), next };
}
