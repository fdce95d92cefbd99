import type { CallState } from "../conversation/store";
import { useLanguage } from "../i18n/language";
import type { TextKey } from "../i18n/texts";

interface Props {
  state: CallState;
  ready: boolean;
}

/** Who holds the floor, in words: read out by screen readers as it changes. */
export function Status({ state, ready }: Props) {
  const { t } = useLanguage();
  const key = statusOf(state, ready);
  return (
    <p role="status" className={`status ${floorOf(key)}`}>
      {t(key)}
    </p>
  );
}

/** The bare word of a state: `listening`, `speaking`… */
export function floorOf(key: TextKey): string {
  return key.replace("state.", "");
}

/** The sentence for a state, the most telling first. */
export function statusOf(state: CallState, ready: boolean): TextKey {
  const { conversation } = state;
  if (state.phase === "reconnecting") return "state.reconnecting";
  if (state.phase === "connecting") return state.full ? "state.full" : "state.connecting";
  if (state.phase === "live") {
    if (conversation.hearing || state.pressing) return "state.hearing";
    if (conversation.held) return "state.held";
    if (state.playing) return "state.speaking";
    if (conversation.response || state.awaiting) return "state.thinking";
    if (state.mode === "push") return "state.push";
    return state.muted ? "state.muted" : "state.listening";
  }
  if (conversation.response) return "state.writing";
  if (!ready) return "state.starting";
  return state.phase === "ended" ? "state.ended" : "state.idle";
}
