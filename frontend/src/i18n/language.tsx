import { createContext, type ReactNode, use, useEffect, useState } from "react";
import { inChinese } from "./said";
import { en, type TextKey, zh } from "./texts";

export type Language = "en" | "zh";
export type Translate = (key: TextKey, values?: Record<string, string>) => string;

const TEXTS: Record<Language, Record<TextKey, string>> = { en, zh };
const REMEMBERED = "kaikou.language";

interface Value {
  language: Language;
  setLanguage: (language: Language) => void;
  t: Translate;
  /** A sentence of the server in the page's language, as it is where the page doesn't know it. */
  said: (sentence: string) => string;
}

const LanguageContext = createContext<Value | null>(null);

/** The language the user chose before, else the browser's, else English. */
function initialLanguage(): Language {
  const chosen = localStorage.getItem(REMEMBERED);
  if (chosen === "en" || chosen === "zh") return chosen;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

/** `text` with each `{name}` replaced, and each `{name|tool|tools}` by the first word for 1, else the second. */
export function fill(text: string, values: Record<string, string> = {}): string {
  return text
    .replace(/\{(\w+)\|([^|}]*)\|([^}]*)\}/g, (_, name: string, one: string, many: string) =>
      values[name] === "1" ? one : many,
    )
    .replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}

export function LanguageProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState(initialLanguage);
  useEffect(() => {
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  }, [language]);
  const value: Value = {
    language,
    setLanguage: (chosen) => {
      localStorage.setItem(REMEMBERED, chosen);
      setLanguage(chosen);
    },
    t: (key, values) => fill(TEXTS[language][key], values),
    said: (sentence) => (language === "zh" ? inChinese(sentence) : sentence),
  };
  return <LanguageContext value={value}>{children}</LanguageContext>;
}

export function useLanguage(): Value {
  const value = use(LanguageContext);
  if (!value) throw new Error("useLanguage needs a LanguageProvider around it");
  return value;
}
