import { useEffect, useMemo, useRef, useState } from "react";
import { Call } from "./call";
import { emptyConversation } from "./conversation";
import { CallStore, useCallState } from "./store";

/** The page's one call: its state, and what the buttons do. */
export function useCall(agent: string | null) {
  const [store] = useState(() => new CallStore());
  const state = useCallState(store);
  const call = useRef<Call | null>(null);

  const actions = useMemo(() => {
    const end = () => {
      call.current?.end();
      call.current = null;
    };
    return {
      start: () => {
        end();
        call.current = Call.start(store, agent);
      },
      end,
      fresh: () => {
        end();
        store.update({ phase: "idle", conversation: emptyConversation, conversationId: null });
      },
      mute: (muted: boolean) => call.current?.mute(muted),
      interrupt: () => void call.current?.interrupt(),
      write: (text: string) => void call.current?.write(text),
      dismiss: () => store.update({ problem: null }),
    };
  }, [store, agent]);

  // Leaving the page hangs up: no microphone stays open behind a closed tab.
  useEffect(() => {
    const leave = () => call.current?.end();
    window.addEventListener("pagehide", leave);
    return () => window.removeEventListener("pagehide", leave);
  }, []);

  return { state, store, actions };
}
