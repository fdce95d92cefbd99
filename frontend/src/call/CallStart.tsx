import { Phone, SlidersHorizontal } from "lucide-react";
import { useState } from "react";
import type { CallState, CallStore } from "../conversation/store";
import type { ConversationActions } from "../conversation/useConversation";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { ModeSwitch } from "./ModeSwitch";
import { usePreferences } from "./preferences";
import { SoundSettings } from "./SoundSettings";

interface Props {
  state: CallState;
  store: CallStore;
  actions: ConversationActions;
  ready: boolean;
}

/** The way into a call: the button, and how one likes to be heard. */
export function CallStart({ state, store, actions, ready }: Props) {
  const { t } = useLanguage();
  const { mode } = usePreferences();
  const [tuning, setTuning] = useState(false);
  return (
    <div className="call-start">
      <Button look="primary" icon={<Phone />} disabled={!ready} onClick={actions.start}>
        {t("call.start")}
      </Button>
      <div className="call-manner">
        <ModeSwitch mode={mode} onChange={actions.changeMode} />
        <Button
          look="quiet"
          icon={<SlidersHorizontal />}
          label={t("sound.title")}
          onClick={() => setTuning(true)}
        />
      </div>
      <SoundSettings
        open={tuning}
        inCall={false}
        state={state}
        store={store}
        actions={actions}
        onClose={() => setTuning(false)}
      />
    </div>
  );
}
