import { useEffect, useRef } from "react";
import { usePageTitle } from "../app/title";
import { AgentPicker } from "../call/AgentPicker";
import { CallStage } from "../call/CallStage";
import { CallStart } from "../call/CallStart";
import { Status } from "../call/Status";
import { WarmUp } from "../call/WarmUp";
import { Welcome } from "../call/Welcome";
import { spokenText } from "../chat/aloud";
import { Composer } from "../chat/Composer";
import { MessageList } from "../chat/MessageList";
import { useOpenedConversation } from "../conversations/opened";
import { Unopened } from "../conversations/Unopened";
import { isReady, isWarming, useServer } from "../server/health";
import { giveBack } from "../ui/opener";
import { ConversationHead } from "./ConversationHead";
import { useConversation } from "./ConversationProvider";
import { ProblemBanner } from "./ProblemBanner";
import { isInCall } from "./store";
import "./conversation.css";

/** Talk, hear, read and write: the call while there is one, else the conversation as text. */
export function ConversationPage() {
  const server = useServer();
  const ready = isReady(server.health);
  const { state, store, actions, agents, known, agent, chooseAgent } = useConversation();
  const lines = state.conversation.lines;
  const name = agent?.name ?? "Kaikou";
  const opened = useOpenedConversation();
  usePageTitle(opened.info?.title ?? "");
  useFocusKept(isInCall(state));

  if (opened.status !== "here") return <Unopened opened={opened} />;

  if (isInCall(state)) {
    return (
      <main className="talk" id="content" tabIndex={-1}>
        <CallStage
          state={state}
          store={store}
          actions={actions}
          agent={name}
          transcript={
            <>
              <MessageList />
              <Composer />
            </>
          }
        />
      </main>
    );
  }
  return (
    <main className="talk" id="content" tabIndex={-1}>
      {lines.length === 0 ? (
        <section className="scroll">
          <Welcome
            store={store}
            agent={agent}
            health={server.health}
            settled={known || !server.reachable}
            ready={ready}
            onStart={actions.start}
            onWrite={actions.write}
          >
            {isWarming(server) && <WarmUp server={server} />}
            <AgentPicker agents={agents} chosen={agent?.id ?? null} onChoose={chooseAgent} />
            <CallStart state={state} store={store} actions={actions} ready={ready} />
          </Welcome>
        </section>
      ) : (
        <>
          <ConversationHead opened={opened} agent={name} />
          <MessageList />
        </>
      )}
      <p className="for-readers" aria-live="polite">
        {spokenText(
          lines.findLast((line) => line.role === "assistant" && line.state === "done")?.text ?? "",
        )}
      </p>
      <section className="dock">
        <ProblemBanner
          problem={state.problem}
          onDismiss={actions.dismiss}
          onRetry={ready ? actions.start : undefined}
        />
        {lines.length > 0 && isWarming(server) && <WarmUp server={server} />}
        <Status state={state} ready={ready} />
        <Composer />
      </section>
    </main>
  );
}

/** The button that begins or ends a call goes with it: its focus goes to the page, not to the top of the window. */
function useFocusKept(inCall: boolean): void {
  const before = useRef(inCall);
  useEffect(() => {
    if (before.current === inCall) return;
    before.current = inCall;
    if (document.activeElement === document.body) giveBack(null);
  }, [inCall]);
}
