import { type ReactNode, useCallback } from "react";
import { canChooseSpeaker, type Device, useDevices } from "../audio/devices";
import type { CallState, CallStore } from "../conversation/store";
import type { ConversationActions } from "../conversation/useConversation";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { LevelMeter } from "./LevelMeter";
import { type Preferences, prefer, usePreferences } from "./preferences";
import { useMicrophoneTest } from "./useMicrophoneTest";
import "./sound.css";

interface Props {
  open: boolean;
  /** The call's own microphone feeds the meter; without a call one is opened for it. */
  inCall: boolean;
  state: CallState;
  store: CallStore;
  actions: ConversationActions;
  onClose: () => void;
}

/** Which devices, what is done to their sound, and proof that the microphone hears. */
export function SoundSettings({ open, onClose, ...rest }: Props) {
  const { t } = useLanguage();
  return (
    <Dialog open={open} onClose={onClose} title={t("sound.title")}>
      <Choices {...rest} />
      <div className="dialog-actions">
        <Button look="primary" onClick={onClose}>
          {t("ui.close")}
        </Button>
      </div>
    </Dialog>
  );
}

function Choices({ inCall, state, store, actions }: Omit<Props, "open" | "onClose">) {
  const { t } = useLanguage();
  const wishes = usePreferences();
  const test = useMicrophoneTest(wishes);
  const devices = useDevices(`${test.running} ${state.phase}`);
  const readCall = useCallback(() => store.levels.microphone, [store]);
  const change = (to: Partial<Preferences>) => actions.changeSound(to);
  return (
    <div className="sound">
      <Field label={t("sound.microphone")}>
        {(control) => (
          <select
            {...control}
            value={wishes.microphone}
            onChange={(event) => change({ microphone: event.target.value })}
          >
            <Options devices={devices.microphones} chosen={wishes.microphone} />
          </select>
        )}
      </Field>
      <div className="sound-test">
        <LevelMeter read={inCall ? readCall : test.read} />
        {!inCall && (
          <Button small onClick={test.running ? test.stop : test.start}>
            {t(test.running ? "sound.stopTest" : "sound.test")}
          </Button>
        )}
      </div>
      <p className="note" aria-live="polite">
        {test.problem
          ? t(`problem.${test.problem}`)
          : t(inCall || test.running ? "sound.speak" : "sound.silent")}
      </p>
      {canChooseSpeaker() && (
        <Field label={t("sound.speaker")}>
          {(control) => (
            <select
              {...control}
              value={wishes.speaker}
              onChange={(event) => change({ speaker: event.target.value })}
            >
              <Options devices={devices.speakers} chosen={wishes.speaker} />
            </select>
          )}
        </Field>
      )}
      <fieldset className="checks">
        <legend>{t("sound.processing")}</legend>
        <Check
          checked={wishes.echoCancellation}
          onChange={(echoCancellation) => change({ echoCancellation })}
          hint={t("sound.echoHint")}
        >
          {t("sound.echo")}
        </Check>
        <Check
          checked={wishes.noiseSuppression}
          onChange={(noiseSuppression) => change({ noiseSuppression })}
        >
          {t("sound.noise")}
        </Check>
        <Check
          checked={wishes.autoGainControl}
          onChange={(autoGainControl) => change({ autoGainControl })}
        >
          {t("sound.gain")}
        </Check>
      </fieldset>
      <fieldset className="checks">
        <legend>{t("keys.title")}</legend>
        <Check
          checked={wishes.shortcuts}
          onChange={(shortcuts) => prefer({ shortcuts })}
          hint={t("keys.hint")}
        >
          {t("keys.use")}
        </Check>
      </fieldset>
    </div>
  );
}

/** The devices by name, and the system's choice. A chosen one that is unplugged stays chosen. */
function Options({ devices, chosen }: { devices: Device[]; chosen: string }) {
  const { t } = useLanguage();
  const away = chosen !== "" && !devices.some((device) => device.id === chosen);
  return (
    <>
      <option value="">{t("sound.system")}</option>
      {away && <option value={chosen}>{t("sound.away")}</option>}
      {devices.map(({ id, label }, index) => (
        <option key={id} value={id}>
          {label || t("sound.unnamed", { number: String(index + 1) })}
        </option>
      ))}
    </>
  );
}

function Check(props: {
  checked: boolean;
  onChange: (checked: boolean) => void;
  hint?: string;
  children: ReactNode;
}) {
  return (
    <label className="check">
      <input
        type="checkbox"
        checked={props.checked}
        onChange={(event) => props.onChange(event.target.checked)}
      />
      <span>
        {props.children}
        {props.hint && <span className="field-hint">{props.hint}</span>}
      </span>
    </label>
  );
}
