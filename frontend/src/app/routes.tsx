import { createBrowserRouter } from "react-router";
import { ConversationPage } from "../conversation/ConversationPage";
import { Loading } from "../ui/Page";
import { Lost, Stumbled } from "./Lost";
import { Shell } from "./Shell";

/** Every address of the page. All but the conversation are fetched when first visited. */
export const router = createBrowserRouter([
  {
    element: <Shell />,
    errorElement: <Stumbled />,
    hydrateFallbackElement: <Loading />,
    children: [
      { path: "/", element: <ConversationPage /> },
      { path: "/app", element: <ConversationPage /> },
      { path: "/app/c/:conversationId", element: <ConversationPage /> },
      {
        path: "/app/conversations",
        lazy: async () => ({
          Component: (await import("../conversations/ConversationsPage")).ConversationsPage,
        }),
      },
      {
        path: "/app/agents/:agentId?",
        lazy: async () => ({ Component: (await import("../agents/AgentsPage")).AgentsPage }),
      },
      {
        path: "/app/voices",
        lazy: async () => ({ Component: (await import("../voices/VoicesPage")).VoicesPage }),
      },
      {
        path: "/app/devices/:deviceId?",
        lazy: async () => ({ Component: (await import("../devices/DevicesPage")).DevicesPage }),
      },
      {
        path: "/app/knowledge/:baseId?",
        lazy: async () => ({
          Component: (await import("../knowledge/KnowledgePage")).KnowledgePage,
        }),
      },
      {
        path: "/app/memory",
        lazy: async () => ({ Component: (await import("../memory/MemoryPage")).MemoryPage }),
      },
      {
        path: "/app/tools",
        lazy: async () => ({ Component: (await import("../tools/ToolsPage")).ToolsPage }),
      },
      {
        path: "/app/settings",
        lazy: async () => ({ Component: (await import("../settings/SettingsPage")).SettingsPage }),
      },
      {
        path: "/app/performance",
        lazy: async () => ({ Component: (await import("../latency/LatencyPage")).LatencyPage }),
      },
      { path: "*", element: <Lost /> },
    ],
  },
]);
