import { useEffect, useMemo, useRef, useState } from "react";
import { Call } from "../call/call";
import { type Mode, type Preferences, prefer } from "../call/preferences";
import { Writing } from "../chat/writing";
import { emptyConversation } from "./conversation";
import { CallStore, useCallState } from "./store";

/** The page's one conversation, spoken or written: its state, and what the buttons do. */
export function useConversationState(agent: string | null) {
  const [store] = useState(() => new CallStore());
  const state = useCallState(store);
  const call = useRef<Call | null>(null);
  const writing = useRef<Writing | null>(null);

  const actions = useMemo(() => {
    /** A conversation is open in one place at a time: the call or the chat. */
    const hangUp = () => {
      call.current?.end();
      call.current = null;
      writing.current?.close();
      writing.current = null;
    };
    const writingNow = () => {
      writing.current ??= new Writing(store, agent);
      return writing.current;
    };
    /** Leave what is here; a stored conversation's words are on their way. */
    const turnTo = (conversationId: string | null) => {
      hangUp();
      store.update({
        phase: "idle",
        problem: null,
        mood: null,
        spoken: null,
        conversation: emptyConversation,
        conversationId,
      });
    };
    return {
      start: () => {
        hangUp();
        call.current = Call.start(store, agent);
      },
      end: hangUp,
      fresh: () => turnTo(null),
      mute: (muted: boolean) => call.current?.mute(muted),
      press: () => call.current?.press(),
      release: () => call.current?.release(),
      changeMode: (mode: Mode) => {
        prefer({ mode });
        if (call.current && !call.current.over) call.current.changeMode(mode);
      },
      changeSound: (change: Partial<Preferences>) => {
        prefer(change);
        call.current?.changeSound();
      },
      interrupt: () => {
        void call.current?.interrupt();
        writing.current?.stop();
      },
      write: (text: string) => {
        if (call.current && !call.current.over) {
          void call.current.write(text);
          return;
        }
        writingNow().write(text);
      },
      /** Leave what is here and show a stored conversation, whose words are on their way. */
      open: (conversationId: string) => turnTo(conversationId),
      edit: (id: string, text: string) => writingNow().edit(id, text),
      regenerate: (id: string | null) => writingNow().regenerate(id),
      /** Listen to an answer that is under way in the stored conversation. */
      follow: () => writingNow().follow(),
      dismiss: () => store.update({ problem: null }),
    };
  }, [store, agent]);

  // Leaving the page hangs up: no microphone stays open behind a closed tab.
  useEffect(() => {
    const leave = () => actions.end();
    window.addEventListener("pagehide", leave);
    return () => window.removeEventListener("pagehide", leave);
  }, [actions]);

  // Signed out: the page that shows the call goes, and the microphone with it.
  useEffect(
    () => () => {
      call.current?.end();
      writing.current?.close();
    },
    [],
  );

  return { state, store, actions };
}

export type ConversationActions = ReturnType<typeof useConversationState>["actions"];
