export const en = {
  "settings.title": "Settings",
  "settings.about": "Which models listen, think and speak.",
};

export const zh: Record<keyof typeof en, string> = {
  "settings.title": "设置",
  "settings.about": "由哪些模型来听、想、说。",
};
