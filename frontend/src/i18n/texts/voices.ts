export const en = {
  "voices.title": "Voices",
  "voices.about": "Listen to every voice, and blend new ones.",
};

export const zh: Record<keyof typeof en, string> = {
  "voices.title": "嗓音",
  "voices.about": "试听每一种嗓音，也可以调配新的。",
};
