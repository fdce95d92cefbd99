import { ArrowLeft, Mic, MicOff, PhoneOff } from "lucide-react";
import { Link, useLocation } from "react-router";
import { useCallTitle } from "../app/title";
import { useConversation } from "../conversation/ConversationProvider";
import { isInCall } from "../conversation/store";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { CallTimer } from "./CallTimer";
import { Orb } from "./Orb";
import { floorOf, Status, statusOf } from "./Status";
import { TalkButton } from "./TalkButton";
import { useCallKeys } from "./useCallKeys";
import { useWakeLock } from "./useWakeLock";
import "./callbar.css";

/**
 * What a call needs on every page: its keys, a lit screen, the window's title; and on other pages
 * than its own who holds the floor, muting, the way back, hanging up.
 */
export function CallBar() {
  const { t } = useLanguage();
  const { pathname } = useLocation();
  const { state, store, actions, agent } = useConversation();
  const inCall = isInCall(state);
  const name = agent?.name ?? "Kaikou";
  const floor = statusOf(state, true);
  useCallKeys(state, actions);
  useWakeLock(inCall);
  useCallTitle(inCall ? t("call.title", { agent: name, floor: t(floor) }) : "");
  const athome = pathname === "/" || pathname === "/app" || pathname.startsWith("/app/c/");
  if (!inCall || athome) return null;
  return (
    <section className="callbar" aria-label={t("call.label", { agent: name })}>
      <Link to="/" className="callbar-back">
        <ArrowLeft aria-hidden="true" />
        <Orb store={store} floor={floorOf(floor)} mood={state.mood} />
        <span>{t("call.back")}</span>
      </Link>
      <Status state={state} ready />
      {state.since !== null && <CallTimer since={state.since} />}
      {state.mode === "push" ? (
        <TalkButton
          pressing={state.pressing}
          disabled={state.phase !== "live"}
          onPress={actions.press}
          onRelease={actions.release}
        />
      ) : (
        <Button
          look="quiet"
          icon={state.muted ? <MicOff /> : <Mic />}
          label={t(state.muted ? "call.unmute" : "call.mute")}
          aria-pressed={state.muted}
          onClick={() => actions.mute(!state.muted)}
        />
      )}
      <Button look="danger" icon={<PhoneOff />} label={t("call.end")} onClick={actions.end} />
    </section>
  );
}
