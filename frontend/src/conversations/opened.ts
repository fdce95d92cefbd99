import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { useNavigate, useParams } from "react-router";
import { conversationOf, type StoredConversation } from "../chat/stored";
import { useConversation } from "../conversation/ConversationProvider";
import type { Conversation } from "../conversation/conversation";
import { isInCall } from "../conversation/store";
import { request, ServerError } from "../server/http";
import type { ConversationInfo } from "./api";

/** What the page's address says of the conversation on it. */
export interface Opened {
  /** `elsewhere`: a call goes on in another conversation than the address names. */
  status: "here" | "loading" | "missing" | "failed" | "elsewhere";
  /** Where the server cannot be asked. */
  error: Error | null;
  /** As the server keeps it; null for a new one, or before it has told. */
  info: ConversationInfo | null;
  retry: () => void;
  /** Leave the call and open what the address names. */
  leaveCall: () => void;
}

/** What the server told, and the conversation as it was here when it was asked. */
interface Asked {
  before: Conversation;
  stored: StoredConversation;
}

/**
 * Ties the address and the page's conversation: `/app/c/ID` opens a stored one, `/` begins a new
 * one, and a new one gets its address with its first word.
 */
export function useOpenedConversation(): Opened {
  const wanted = useParams().conversationId;
  const { state, store, actions, chooseAgent } = useConversation();
  const { conversation, conversationId } = state;
  const inCall = isInCall(state);
  const elsewhere = wanted !== undefined && inCall && conversationId !== wanted;

  // biome-ignore lint/correctness/useExhaustiveDependencies: only another address opens another conversation
  useEffect(() => {
    const { conversationId: here } = store.state;
    if (wanted !== undefined && !elsewhere && here !== wanted) actions.open(wanted);
    if (wanted === undefined && here !== null && !isInCall(store.state)) actions.fresh();
  }, [wanted, elsewhere]);

  const { data, error, refetch } = useQuery({
    queryKey: ["conversation", wanted],
    queryFn: async (): Promise<Asked> => {
      const before = store.state.conversation;
      return { before, stored: await request<StoredConversation>(`/api/conversations/${wanted}`) };
    },
    // What is being left is not asked for again: it may have been deleted.
    enabled: wanted !== undefined && !inCall && conversationId === wanted,
    staleTime: 0,
    // What `before` is must stay the very same.
    structuralSharing: false,
  });

  // biome-ignore lint/correctness/useExhaustiveDependencies: what the server says is taken once
  useEffect(() => {
    const { conversation: before, conversationId: here } = store.state;
    const busy = isInCall(store.state) || before.response !== null || before.unsent.length > 0;
    if (!data || data.stored.id !== here || busy) return;
    if (before.lines.length > 0 && data.before !== before) {
      // More was said while the server was asked: what it told is older than what is shown.
      void refetch();
      return;
    }
    const now = conversationOf(data.stored, before);
    store.update({ conversation: now });
    if (data.stored.agent_id) chooseAgent(data.stored.agent_id);
    if (now.response !== null) actions.follow();
  }, [data]);

  useFollowingAddress();

  const missing = error instanceof ServerError && error.status === 404;
  const shown = conversationId === wanted && conversation.lines.length > 0;
  const known = wanted === undefined || inCall || shown || data !== undefined;
  return {
    status: elsewhere
      ? "elsewhere"
      : missing && !inCall && conversation.response === null
        ? "missing"
        : known
          ? "here"
          : error
            ? "failed"
            : "loading",
    error,
    info: data?.stored ?? null,
    retry: () => void refetch(),
    leaveCall: () => wanted !== undefined && actions.open(wanted),
  };
}

/** A new conversation gets its address with its first word. */
function useFollowingAddress(): void {
  const wanted = useParams().conversationId;
  const navigate = useNavigate();
  const { state, store } = useConversation();
  const id = state.conversation.lines.length > 0 ? state.conversationId : null;
  useEffect(() => {
    if (id === null || wanted !== undefined || store.state.conversationId !== id) return;
    void navigate(`/app/c/${id}`, { replace: true });
  }, [id, wanted, navigate, store]);
}
