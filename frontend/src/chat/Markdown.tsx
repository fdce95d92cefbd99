import { lazy, Suspense, useDeferredValue } from "react";
import "./markdown.css";

const fetchBody = () => import("./MarkdownBody");
const Body = lazy(fetchBody);

/** Fetches what renders Markdown, before the first answer needs it. */
export function prepareMarkdown(): void {
  void fetchBody();
}

/**
 * An answer as its writer meant it: Markdown, without any of its HTML.
 * While it grows, each part is shown when the browser has time for it.
 */
export function Markdown({ text, growing }: { text: string; growing: boolean }) {
  const later = useDeferredValue(text);
  const shown = growing ? later : text;
  return (
    <div className="words markdown" lang={languageOf(text)}>
      <Suspense fallback={<p className="plain-words">{text}</p>}>
        <Body text={shown} growing={growing} />
      </Suspense>
    </div>
  );
}

/** Chinese letters want their own line breaking, whatever the page's language. */
export function languageOf(text: string): string | undefined {
  return /\p{Script=Han}/u.test(text) ? "zh-CN" : undefined;
}
