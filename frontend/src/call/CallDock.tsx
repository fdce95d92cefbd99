import { Captions, Hand, Mic, MicOff, PhoneOff, SlidersHorizontal } from "lucide-react";
import { type ButtonHTMLAttributes, type ReactNode, useState } from "react";
import type { CallState, CallStore } from "../conversation/store";
import type { ConversationActions } from "../conversation/useConversation";
import { useLanguage } from "../i18n/language";
import { prefer, usePreferences } from "./preferences";
import { SoundSettings } from "./SoundSettings";
import { TalkButton } from "./TalkButton";

interface Props {
  state: CallState;
  store: CallStore;
  actions: ConversationActions;
}

/** What one can do in a call, under the thumb. */
export function CallDock({ state, store, actions }: Props) {
  const { t } = useLanguage();
  const { transcript, shortcuts } = usePreferences();
  const [tuning, setTuning] = useState(false);
  const push = state.mode === "push";
  const talking = state.playing || state.conversation.response !== null;
  return (
    <div className="call-dock">
      {push && (
        <TalkButton
          pressing={state.pressing}
          disabled={state.phase !== "live"}
          onPress={actions.press}
          onRelease={actions.release}
        />
      )}
      <div className="call-buttons">
        {!push && (
          <DockButton
            sign={state.muted ? <MicOff /> : <Mic />}
            text={t(state.muted ? "call.unmute" : "call.mute")}
            aria-pressed={state.muted}
            {...(shortcuts ? { "aria-keyshortcuts": "M" } : {})}
            onClick={() => actions.mute(!state.muted)}
          />
        )}
        <DockButton
          sign={<Hand />}
          text={t("call.interrupt")}
          aria-keyshortcuts="Escape"
          disabled={!talking}
          onClick={actions.interrupt}
        />
        <DockButton
          sign={<Captions />}
          text={t("call.transcript")}
          aria-pressed={transcript}
          {...(shortcuts ? { "aria-keyshortcuts": "T" } : {})}
          onClick={() => prefer({ transcript: !transcript })}
        />
        <DockButton
          sign={<SlidersHorizontal />}
          text={t("sound.button")}
          onClick={() => setTuning(true)}
        />
        <DockButton
          className="end"
          sign={<PhoneOff />}
          text={t("call.end")}
          onClick={actions.end}
        />
      </div>
      {shortcuts && <Keys push={push} />}
      <SoundSettings
        open={tuning}
        inCall
        state={state}
        store={store}
        actions={actions}
        onClose={() => setTuning(false)}
      />
    </div>
  );
}

interface DockButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  sign: ReactNode;
  text: string;
}

function DockButton({ sign, text, className, ...rest }: DockButtonProps) {
  return (
    <button type="button" {...rest} className={`dock-button ${className ?? ""}`}>
      <span className="dock-sign">{sign}</span>
      {text}
    </button>
  );
}

/** The keys, for those who have any. */
function Keys({ push }: { push: boolean }) {
  const { t } = useLanguage();
  return (
    <p className="call-keys">
      {push ? (
        <span>
          <kbd>{t("keys.space")}</kbd> {t("keys.talk")}
        </span>
      ) : (
        <span>
          <kbd>M</kbd> {t("keys.mute")}
        </span>
      )}
      <span>
        <kbd>Esc</kbd> {t("keys.interrupt")}
      </span>
      <span>
        <kbd>T</kbd> {t("keys.transcript")}
      </span>
    </p>
  );
}
