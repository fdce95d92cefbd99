import { useEffect, useRef } from "react";
import { AgentPicker } from "../call/AgentPicker";
import { Controls } from "../call/Controls";
import { Status } from "../call/Status";
import { WarmUp } from "../call/WarmUp";
import { Welcome } from "../call/Welcome";
import { Captions } from "../chat/Captions";
import { Composer } from "../chat/Composer";
import { isReady, useServer } from "../server/health";
import { useConversation } from "./ConversationProvider";
import { ProblemBanner } from "./ProblemBanner";

/** Talk, hear, read and write: everything on one page. */
export function ConversationPage() {
  const server = useServer();
  const ready = isReady(server.health);
  const { state, store, actions, agents, agent, chooseAgent } = useConversation();
  const inCall = ["connecting", "live", "reconnecting"].includes(state.phase);
  const lines = state.conversation.lines;
  const scroll = useRef<HTMLElement>(null);

  useEscape(inCall || state.conversation.response !== null, actions.interrupt);
  // biome-ignore lint/correctness/useExhaustiveDependencies: every new word scrolls
  useEffect(() => {
    scroll.current?.scrollTo({ top: scroll.current.scrollHeight });
  }, [lines]);

  return (
    <main className="talk" id="content" tabIndex={-1}>
      <section className="scroll" ref={scroll}>
        {lines.length === 0 && !inCall && (
          <Welcome agent={agent} health={server.health}>
            {!ready && <WarmUp server={server} />}
            <AgentPicker agents={agents} chosen={agent?.id ?? null} onChoose={chooseAgent} />
          </Welcome>
        )}
        {lines.length > 0 && !ready && <WarmUp server={server} />}
        {(lines.length > 0 || inCall) && <Captions lines={lines} agent={agent?.name ?? "Kaikou"} />}
      </section>
      <p className="for-readers" aria-live="polite">
        {!inCall &&
          lines.findLast((line) => line.role === "assistant" && line.state === "done")?.text}
      </p>
      <section className="dock">
        <ProblemBanner problem={state.problem} onDismiss={actions.dismiss} />
        <Status state={state} store={store} ready={ready} />
        <Controls
          state={state}
          ready={ready}
          onStart={actions.start}
          onFresh={actions.fresh}
          onEnd={actions.end}
          onMute={actions.mute}
          onInterrupt={actions.interrupt}
        />
        <Composer ready={ready} onWrite={actions.write} />
      </section>
    </main>
  );
}

/** Escape interrupts, as the button does. */
function useEscape(active: boolean, interrupt: () => void): void {
  useEffect(() => {
    if (!active) return;
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape") interrupt();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [active, interrupt]);
}
