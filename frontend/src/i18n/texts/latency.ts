export const en = {
  "latency.title": "Performance",
  "latency.about": "How long each turn took, and where the time went.",
};

export const zh: Record<keyof typeof en, string> = {
  "latency.title": "性能",
  "latency.about": "每一轮用了多久，时间花在哪里。",
};
