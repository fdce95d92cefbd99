import type { ReactNode } from "react";
import { ProblemBanner } from "../conversation/ProblemBanner";
import type { CallState, CallStore } from "../conversation/store";
import type { ConversationActions } from "../conversation/useConversation";
import { useLanguage } from "../i18n/language";
import { CallDock } from "./CallDock";
import { CallTimer } from "./CallTimer";
import { LiveCaptions } from "./LiveCaptions";
import { ModeSwitch } from "./ModeSwitch";
import { Orb } from "./Orb";
import { usePreferences } from "./preferences";
import { floorOf, Status, statusOf } from "./Status";
import { Waterfall } from "./Waterfall";
import "./call.css";

interface Props {
  state: CallState;
  store: CallStore;
  actions: ConversationActions;
  agent: string;
  /** The whole conversation and the field to write in, shown beside the call when asked for. */
  transcript: ReactNode;
}

/** The call: a living orb, who holds the floor, what is being said, and what one can do. */
export function CallStage({ state, store, actions, agent, transcript }: Props) {
  const { t } = useLanguage();
  const { transcript: shown } = usePreferences();
  const floor = floorOf(statusOf(state, true));
  const latest = state.conversation.lines.findLast((line) => line.metrics);
  return (
    <div className={shown ? "call with-transcript" : "call"}>
      <section className="call-stage" aria-label={t("call.label", { agent })}>
        <header className="call-head">
          <div className="call-who">
            <h1>{agent}</h1>
            {state.since !== null && <CallTimer since={state.since} />}
          </div>
          <ModeSwitch mode={state.mode} onChange={actions.changeMode} />
        </header>
        <div className="call-heart">
          <Orb store={store} floor={floor} mood={state.mood} />
          <Status state={state} ready />
          <LiveCaptions state={state} agent={agent} />
        </div>
        <div className="call-foot">
          <ProblemBanner problem={state.problem} onDismiss={actions.dismiss} />
          {latest?.metrics && <Waterfall key={latest.id} metrics={latest.metrics} />}
          <CallDock state={state} store={store} actions={actions} />
        </div>
      </section>
      {shown && (
        <section className="call-transcript" aria-label={t("call.transcript")}>
          {transcript}
        </section>
      )}
    </div>
  );
}
