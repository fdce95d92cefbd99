import type { CallState } from "../conversation/store";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";

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
        <Button look="primary" disabled={!ready} onClick={onStart}>
          {t(begun ? "call.again" : "call.start")}
        </Button>
        {talking && (
          <Button aria-keyshortcuts="Escape" onClick={onInterrupt}>
            {t("call.stop")}
          </Button>
        )}
        {begun && !talking && <Button onClick={onFresh}>{t("call.fresh")}</Button>}
      </div>
    );
  }
  return (
    <div className="controls">
      <Button aria-pressed={state.muted} onClick={() => onMute(!state.muted)}>
        {t(state.muted ? "call.unmute" : "call.mute")}
      </Button>
      <Button aria-keyshortcuts="Escape" disabled={!talking} onClick={onInterrupt}>
        {t("call.interrupt")}
      </Button>
      <Button look="danger" onClick={onEnd}>
        {t("call.end")}
      </Button>
    </div>
  );
}
