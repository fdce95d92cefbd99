/** Everything the page says: one file a feature, each in both languages. `{name}` is filled in. */
import * as agents from "./texts/agents";
import * as app from "./texts/app";
import * as call from "./texts/call";
import * as chat from "./texts/chat";
import * as conversations from "./texts/conversations";
import * as devices from "./texts/devices";
import * as knowledge from "./texts/knowledge";
import * as latency from "./texts/latency";
import * as memory from "./texts/memory";
import * as reminders from "./texts/reminders";
import * as server from "./texts/server";
import * as settings from "./texts/settings";
import * as speakers from "./texts/speakers";
import * as tools from "./texts/tools";
import * as ui from "./texts/ui";
import * as voices from "./texts/voices";

export const en = {
  ...agents.en,
  ...app.en,
  ...call.en,
  ...chat.en,
  ...conversations.en,
  ...devices.en,
  ...knowledge.en,
  ...latency.en,
  ...memory.en,
  ...reminders.en,
  ...server.en,
  ...settings.en,
  ...speakers.en,
  ...tools.en,
  ...ui.en,
  ...voices.en,
};

export type TextKey = keyof typeof en;

export const zh: Record<TextKey, string> = {
  ...agents.zh,
  ...app.zh,
  ...call.zh,
  ...chat.zh,
  ...conversations.zh,
  ...devices.zh,
  ...knowledge.zh,
  ...latency.zh,
  ...memory.zh,
  ...reminders.zh,
  ...server.zh,
  ...settings.zh,
  ...speakers.zh,
  ...tools.zh,
  ...ui.zh,
  ...voices.zh,
};
