export const en = {
  "conversations.title": "Conversations",
  "conversations.new": "New conversation",
};

export const zh: Record<keyof typeof en, string> = {
  "conversations.title": "对话",
  "conversations.new": "新对话",
};
