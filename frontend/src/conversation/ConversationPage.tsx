import { useEffect, useRef } from "react";
import { usePageTitle } from "../app/title";
import { AgentPicker } from "../call/AgentPicker";
import { CallStage } from "../call/CallStage";
import { CallStart } from "../call/CallStart";
import { Status } from "../call/Status";
import { WarmUp } from "../call/WarmUp";
import { Welcome } from "../call/Welcome";
import { Captions } from "../chat/Captions";
import { Composer } from "../chat/Composer";
import { isReady, isWarming, useServer } from "../server/health";
import { useConversation } from "./ConversationProvider";
import { ProblemBanner } from "./ProblemBanner";
import { isInCall } from "./store";
import "./conversation.css";

/** Talk, hear, read and write: the call while there is one, else the conversation as text. */
export function ConversationPage() {
  const server = useServer();
  const ready = isReady(server.health);
  const { state, store, actions, agents, agent, chooseAgent } = useConversation();
  const lines = state.conversation.lines;
  const name = agent?.name ?? "Kaikou";
  usePageTitle("");

  const composer = <Composer ready={ready} onWrite={actions.write} />;
  const start = <CallStart state={state} store={store} actions={actions} ready={ready} />;

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
              <Transcript agent={name} />
              {composer}
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
            ready={ready}
            onStart={actions.start}
            onWrite={actions.write}
          >
            {isWarming(server) && <WarmUp server={server} />}
            <AgentPicker agents={agents} chosen={agent?.id ?? null} onChoose={chooseAgent} />
            {start}
          </Welcome>
        </section>
      ) : (
        <Transcript agent={name} />
      )}
      <p className="for-readers" aria-live="polite">
        {lines.findLast((line) => line.role === "assistant" && line.state === "done")?.text}
      </p>
      <section className="dock">
        <ProblemBanner
          problem={state.problem}
          onDismiss={actions.dismiss}
          onRetry={ready ? actions.start : undefined}
        />
        {lines.length > 0 && isWarming(server) && <WarmUp server={server} />}
        <Status state={state} ready={ready} />
        {lines.length > 0 && start}
        {composer}
      </section>
    </main>
  );
}

/** All that was said, the newest in view. */
function Transcript({ agent }: { agent: string }) {
  const { state } = useConversation();
  const { lines } = state.conversation;
  const scroll = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: every new word scrolls
  useEffect(() => {
    scroll.current?.scrollTo({ top: scroll.current.scrollHeight });
  }, [lines]);
  return (
    <div className="scroll" ref={scroll}>
      <Captions lines={lines} agent={agent} />
    </div>
  );
}
