import { useEffect, useRef } from "react";
import type { CallState, CallStore } from "../conversation/store";
import { useLanguage } from "../i18n/language";
import type { TextKey } from "../i18n/texts";

interface Props {
  state: CallState;
  store: CallStore;
  ready: boolean;
}

/** Who holds the floor, as a sentence for a screen reader and as moving bars for the eye. */
export function Status({ state, store, ready }: Props) {
  const { t } = useLanguage();
  const key = statusOf(state, ready);
  return (
    <div className={`status ${key.replace("state.", "")}`}>
      <Bars store={store} />
      <p role="status">{t(key)}</p>
    </div>
  );
}

/** The sentence for a state, the most telling first. */
export function statusOf(state: CallState, ready: boolean): TextKey {
  const { conversation } = state;
  if (state.phase === "reconnecting") return "state.reconnecting";
  if (state.phase === "connecting") return "state.connecting";
  if (state.phase === "live") {
    if (conversation.hearing) return "state.hearing";
    if (conversation.held) return "state.held";
    if (state.playing) return "state.speaking";
    if (conversation.response) return "state.thinking";
    return state.muted ? "state.muted" : "state.listening";
  }
  if (conversation.response) return "state.writing";
  if (!ready) return "state.starting";
  return state.phase === "ended" ? "state.ended" : "state.idle";
}

/** Bars that follow the louder side. Painted outside React: the levels change 50 times a second. */
function Bars({ store }: { store: CallStore }) {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let frame = 0;
    let shown = 0;
    const paint = () => {
      const { user, agent } = store.levels;
      const target = Math.max(user, agent);
      shown += (target - shown) * (target > shown ? 0.5 : 0.15);
      element.current?.style.setProperty("--level", shown.toFixed(3));
      frame = requestAnimationFrame(paint);
    };
    paint();
    return () => cancelAnimationFrame(frame);
  }, [store]);
  return (
    <div className="bars" ref={element} aria-hidden="true">
      <i />
      <i />
      <i />
      <i />
    </div>
  );
}
