export const en = {
  "agents.title": "Agents",
  "agents.about": "Who you talk with: a character, a voice, a language.",
};

export const zh: Record<keyof typeof en, string> = {
  "agents.title": "角色",
  "agents.about": "和您说话的人：性格、嗓音和语言。",
};
