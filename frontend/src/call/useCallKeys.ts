import { useEffect, useRef } from "react";
import type { CallState } from "../conversation/store";
import { isInCall } from "../conversation/store";
import type { ConversationActions } from "../conversation/useConversation";
import { prefer, preferences } from "./preferences";

/** Keys of a call, on every page: Escape interrupts, Space held speaks, M mutes, T shows the words. */
export function useCallKeys(state: CallState, actions: ConversationActions): void {
  const inCall = isInCall(state);
  const answering = state.conversation.response !== null;
  const { muted, mode } = state;
  /** Who clicked a button has done with it, though it keeps the focus: Space is not meant for it. */
  const pointed = useRef(false);

  useEffect(() => {
    if (!inCall && !answering) return;
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key === "Tab" || event.key.startsWith("Arrow")) pointed.current = false;
      // A window or a menu over the page closes first.
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "Escape") actions.interrupt();
      if (!inCall || !preferences().shortcuts || isTakingKeys(event.target)) return;
      const free = pointed.current || !isPressable(event.target);
      if (event.code === "Space" && mode === "push" && free) {
        event.preventDefault();
        if (!event.repeat) actions.press();
      } else if (event.repeat) {
        return;
      } else if (event.key.toLowerCase() === "m" && mode === "open") {
        actions.mute(!muted);
      } else if (event.key.toLowerCase() === "t") {
        prefer({ transcript: !preferences().transcript });
      }
    };
    const onKeyUp = (event: KeyboardEvent) => {
      if (event.code !== "Space") return;
      // Some browsers press a button when the key comes up.
      if (pointed.current && mode === "push" && !isTakingKeys(event.target)) event.preventDefault();
      actions.release();
    };
    const onPointerDown = () => {
      pointed.current = true;
    };
    // A key let go in another window is never told of.
    const letGo = () => actions.release();
    window.addEventListener("keydown", onKeyDown);
    window.addEventListener("keyup", onKeyUp);
    window.addEventListener("pointerdown", onPointerDown);
    window.addEventListener("blur", letGo);
    document.addEventListener("visibilitychange", letGo);
    return () => {
      window.removeEventListener("keydown", onKeyDown);
      window.removeEventListener("keyup", onKeyUp);
      window.removeEventListener("pointerdown", onPointerDown);
      window.removeEventListener("blur", letGo);
      document.removeEventListener("visibilitychange", letGo);
    };
  }, [inCall, answering, muted, mode, actions]);
}

/** Letters belong to whoever writes them. */
export function isTakingKeys(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.closest("input, textarea, select, [role=dialog], [role=menu], [contenteditable]") !==
      null
  );
}

/** Space presses a button or a link that has the focus; a choice that is made already it leaves as it is. */
function isPressable(target: EventTarget | null): boolean {
  const found = target instanceof HTMLElement ? target.closest("button, a, summary") : null;
  return found !== null && found.ariaChecked !== "true";
}
