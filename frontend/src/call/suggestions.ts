/** First sentences for people who do not know what to say, in the language the agent speaks. */
const SUGGESTIONS = {
  en: [
    "Tell me something surprising about the sea.",
    "Help me plan a relaxed weekend.",
    "Ask me three questions to get to know me.",
  ],
  zh: ["给我讲一件关于大海的趣事。", "帮我安排一个轻松的周末。", "问我三个问题，认识一下我。"],
};

export function suggestionsFor(language: string): string[] {
  return SUGGESTIONS[language.startsWith("zh") ? "zh" : "en"];
}
