import { useLanguage } from "../i18n/language";
import type { CallState } from "./store";

interface Props {
  state: CallState;
  ready: boolean;
  onStart: () => void;
  onFresh: () => void;
  onEnd: () => void;
  onMute: (muted: boolean) => void;
  onInterrupt: () => void;
}

/** The buttons that fit the moment. */
export function Controls({ state, ready, onStart, onFresh, onEnd, onMute, onInterrupt }: Props) {
  const { t } = useLanguage();
  const begun = state.conversation.lines.length > 0;
  const talking = state.playing || state.conversation.response !== null;
  if (state.phase === "idle" || state.phase === "ended") {
    return (
      <div className="controls">
        <button type="button" className="primary" disabled={!ready} onClick={onStart}>
          {t(begun ? "call.again" : "call.start")}
        </button>
        {talking && (
          <button type="button" aria-keyshortcuts="Escape" onClick={onInterrupt}>
            {t("call.stop")}
          </button>
        )}
        {begun && !talking && (
          <button type="button" onClick={onFresh}>
            {t("call.fresh")}
          </button>
        )}
      </div>
    );
  }
  return (
    <div className="controls">
      <button type="button" aria-pressed={state.muted} onClick={() => onMute(!state.muted)}>
        {t(state.muted ? "call.unmute" : "call.mute")}
      </button>
      <button type="button" aria-keyshortcuts="Escape" disabled={!talking} onClick={onInterrupt}>
        {t("call.interrupt")}
      </button>
      <button type="button" className="danger" onClick={onEnd}>
        {t("call.end")}
      </button>
    </div>
  );
}
