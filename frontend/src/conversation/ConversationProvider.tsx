import { createContext, type ReactNode, use, useCallback, useState } from "react";
import { useNavigate } from "react-router";
import { useLanguage } from "../i18n/language";
import { type Agent, preferredAgent, useAgents } from "../server/agents";
import { useServer } from "../server/health";
import type { CallState, CallStore } from "./store";
import { type ConversationActions, useConversationState } from "./useConversation";

interface Value {
  state: CallState;
  store: CallStore;
  actions: ConversationActions;
  agents: Agent[];
  /** The server has told whom it has. */
  known: boolean;
  /** Who answers; null until the server has told whom it has. */
  agent: Agent | null;
  chooseAgent: (id: string) => void;
}

const ConversationContext = createContext<Value | null>(null);

/** The page's one conversation. It lives above the pages, so a call goes on while one looks around. */
export function ConversationProvider({ children }: { children: ReactNode }) {
  const { language } = useLanguage();
  const { health } = useServer();
  const known = useAgents(health !== null);
  const [chosen, setChosen] = useState<string | null>(null);
  const agents = known?.agents ?? [];
  const agent =
    agents.find((one) => one.id === chosen) ?? (known ? preferredAgent(known, language) : null);
  const conversation = useConversationState(agent?.id ?? null);
  return (
    <ConversationContext
      value={{ ...conversation, agents, known: known !== null, agent, chooseAgent: setChosen }}
    >
      {children}
    </ConversationContext>
  );
}

export function useConversation(): Value {
  const value = use(ConversationContext);
  if (!value) throw new Error("useConversation needs a ConversationProvider around it");
  return value;
}

/** Leave what was said behind and begin anew, wherever one is. */
export function useNewConversation(): () => void {
  const { actions } = useConversation();
  const navigate = useNavigate();
  return useCallback(() => {
    actions.fresh();
    void navigate("/");
  }, [actions, navigate]);
}
