import { Image } from "lucide-react";
import { memo, useMemo } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import { useLanguage } from "../i18n/language";
import { CodeBlock } from "./CodeBlock";
import { Growing } from "./growing";

const PLUGINS = [remarkGfm];

const COMPONENTS: Components = {
  a: ({ href, children }) => (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  ),
  // A server may run without a way to the world, and a picture tells its host who reads it.
  img: ({ src, alt }) => <Picture source={typeof src === "string" ? src : ""} alt={alt ?? ""} />,
  input: ({ checked }) => <Box checked={checked === true} />,
  pre: ({ node }) => <CodeBlock node={node} />,
  table: ({ children }) => <ScrollingTable>{children}</ScrollingTable>,
};

/** Kept in a chunk of its own: the page's first load does not need it. */
export default memo(function MarkdownBody({ text, growing }: { text: string; growing: boolean }) {
  const extent = useMemo(() => ({ end: growing ? text.trimEnd().length : null }), [text, growing]);
  return (
    <Growing value={extent}>
      <ReactMarkdown remarkPlugins={PLUGINS} components={COMPONENTS}>
        {text}
      </ReactMarkdown>
    </Growing>
  );
});

/** The box of a list of things to do; it shows, and cannot be ticked. */
function Box({ checked }: { checked: boolean }) {
  const { t } = useLanguage();
  const label = t(checked ? "chat.ticked" : "chat.unticked");
  return <input type="checkbox" checked={checked} disabled aria-label={label} />;
}

/** A picture from elsewhere is a link: nothing is fetched until somebody wants it. */
function Picture({ source, alt }: { source: string; alt: string }) {
  const { t } = useLanguage();
  const host = URL.canParse(source) ? new URL(source).host : source;
  return (
    <a className="picture-link" href={source} target="_blank" rel="noopener noreferrer nofollow">
      <Image aria-hidden="true" />
      {t("chat.picture", { alt: alt || "…", host })}
    </a>
  );
}

/** Wide tables scroll by themselves; a keyboard scrolls what has the focus. */
function ScrollingTable({ children }: { children: React.ReactNode }) {
  const { t } = useLanguage();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className="table-scroll" aria-label={t("chat.table")} tabIndex={0}>
      <table>{children}</table>
    </section>
  );
}
