import { useEffect, useRef, useState } from "react";
import { useLanguage } from "../i18n/language";
import { preferredAgent, useAgents } from "../server/agents";
import { isReady, type Server } from "../server/health";
import { AgentPicker } from "./AgentPicker";
import { Captions } from "./Captions";
import { Composer } from "./Composer";
import { Controls } from "./Controls";
import { ProblemBanner } from "./ProblemBanner";
import { Status } from "./Status";
import { useCall } from "./useCall";
import { WarmUp } from "./WarmUp";
import { Welcome } from "./Welcome";

/** Talk, hear, read and write: everything on one page. */
export function CallPage({ server }: { server: Server }) {
  const { language } = useLanguage();
  const ready = isReady(server.health);
  const known = useAgents(server.health !== null);
  const [chosen, setChosen] = useState<string | null>(null);
  const agents = known?.agents ?? [];
  const agent =
    agents.find((one) => one.id === chosen) ?? (known ? preferredAgent(known, language) : null);
  const { state, store, actions } = useCall(agent?.id ?? null);
  const inCall = ["connecting", "live", "reconnecting"].includes(state.phase);
  const lines = state.conversation.lines;
  const scroll = useRef<HTMLElement>(null);

  useEscape(inCall || state.conversation.response !== null, actions.interrupt);
  // biome-ignore lint/correctness/useExhaustiveDependencies: every new word scrolls
  useEffect(() => {
    scroll.current?.scrollTo({ top: scroll.current.scrollHeight });
  }, [lines]);

  return (
    <main className="page">
      <section className="scroll" id="conversation" tabIndex={-1} ref={scroll}>
        {lines.length === 0 && !inCall && (
          <Welcome agent={agent} health={server.health}>
            {!ready && <WarmUp server={server} />}
            <AgentPicker agents={agents} chosen={agent?.id ?? null} onChoose={setChosen} />
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
