import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { useState } from "react";
import { RouterProvider } from "react-router";
import { ConversationProvider } from "../conversation/ConversationProvider";
import { LanguageProvider } from "../i18n/language";
import { useServerEvents } from "../server/events";
import { ServerProvider, useServer } from "../server/health";
import { ServerError } from "../server/http";
import { Toasts } from "../ui/Toasts";
import { Login } from "./Login";
import { router } from "./routes";

/** Asking again helps against a lost connection, not against an answer the server has thought about. */
function mayHelp(failures: number, error: Error): boolean {
  return (
    failures < 3 && error instanceof ServerError && (error.status === 0 || error.status >= 502)
  );
}

const queries = new QueryClient({
  defaultOptions: { queries: { staleTime: 30_000, retry: mayHelp }, mutations: { retry: false } },
});

/** The page: what every part shares, then the door (where there is a password) or the house. */
export function App() {
  const [attempt, setAttempt] = useState(0);
  return (
    <QueryClientProvider client={queries}>
      <LanguageProvider>
        <Toasts>
          <ServerProvider attempt={attempt}>
            <Door onDone={() => setAttempt(attempt + 1)} />
          </ServerProvider>
        </Toasts>
      </LanguageProvider>
    </QueryClientProvider>
  );
}

function Door({ onDone }: { onDone: () => void }) {
  const server = useServer();
  useServerEvents(server.health !== null && !server.locked);
  if (server.locked) return <Login onDone={onDone} />;
  return (
    <ConversationProvider>
      <RouterProvider router={router} />
    </ConversationProvider>
  );
}
