export const en = {
  "captions.label": "Conversation",
  "captions.you": "You",
  "captions.cut": "interrupted",
  "captions.empty": "What you both say appears here.",
  "write.label": "Write a message",
  "write.placeholder": "Or write here",
  "write.send": "Send",
};

export const zh: Record<keyof typeof en, string> = {
  "captions.label": "对话",
  "captions.you": "您",
  "captions.cut": "被打断",
  "captions.empty": "双方说的话会显示在这里。",
  "write.label": "写一条消息",
  "write.placeholder": "也可以在这里打字",
  "write.send": "发送",
};
