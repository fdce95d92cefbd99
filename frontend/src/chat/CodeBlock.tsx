import type { Element, ElementContent, RootContent } from "hast";
import { Fragment, memo, type ReactNode, use, useEffect, useState } from "react";
import { useLanguage } from "../i18n/language";
import { CopyButton } from "./CopyButton";
import { Growing } from "./growing";

type Coloured = RootContent[];

/** A block of code: its language, a button to copy it, colours once it is whole. */
export function CodeBlock({ node }: { node: Element | undefined }) {
  const { t } = useLanguage();
  const { end } = use(Growing);
  const code = node?.children.find((child) => child.type === "element");
  const text = textOf(code).replace(/\n$/, "");
  const language = languageOf(code);
  const whole = end === null || (node?.position?.end.offset ?? 0) < end;
  return (
    <figure className="code">
      <figcaption>
        <span>{language || t("chat.code")}</span>
        <CopyButton text={text} label={t("chat.copyCode")} />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre tabIndex={0}>
        <code translate="no">{whole ? <Colours text={text} language={language} /> : text}</code>
      </pre>
    </figure>
  );
}

const Colours = memo(function Colours({ text, language }: { text: string; language: string }) {
  const [tree, setTree] = useState<Coloured | null>(null);
  useEffect(() => {
    if (!language) return;
    let stopped = false;
    void import("./highlight").then(({ highlight }) => {
      if (!stopped) setTree(highlight(text, language));
    });
    return () => {
      stopped = true;
    };
  }, [text, language]);
  return tree ? tree.map(drawn) : text;
});

function drawn(node: RootContent | ElementContent, at: number): ReactNode {
  if (node.type === "text") return <Fragment key={at}>{node.value}</Fragment>;
  if (node.type !== "element") return null;
  const names = node.properties.className;
  return (
    <span key={at} className={Array.isArray(names) ? names.join(" ") : undefined}>
      {node.children.map(drawn)}
    </span>
  );
}

function textOf(node: ElementContent | undefined): string {
  if (node?.type === "text") return node.value;
  return node?.type === "element" ? node.children.map(textOf).join("") : "";
}

function languageOf(code: ElementContent | undefined): string {
  const names = code?.type === "element" ? code.properties.className : undefined;
  const named = Array.isArray(names) ? names.map(String) : [];
  return named.find((name) => name.startsWith("language-"))?.slice("language-".length) ?? "";
}
