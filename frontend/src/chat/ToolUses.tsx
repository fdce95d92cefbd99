import { ChevronDown, Wrench } from "lucide-react";
import { laidOut, type ToolUse } from "../conversation/toolUse";
import { useLanguage } from "../i18n/language";
import { useToolTitles } from "../tools/tools";
import "./tool-uses.css";

/** What the agent did for an answer: each call folded up to its name. */
export function ToolUses({ uses }: { uses: readonly ToolUse[] }) {
  const { t, said } = useLanguage();
  const titles = useToolTitles(uses.some(({ title }) => title === ""));
  return (
    <ul className="tool-uses" aria-label={t("toolUse.label")}>
      {uses.map((use) => (
        <li key={use.callId}>
          <details className={use.failed ? "tool-use failed" : "tool-use"}>
            <summary>
              <Wrench aria-hidden="true" />
              <span>{said(use.title || titles.get(use.name) || use.name)}</span>
              <span className="tool-use-state">{stateOf(use, t)}</span>
              <ChevronDown className="tool-use-arrow" aria-hidden="true" />
            </summary>
            <div className="tool-use-card">
              <p className="tool-use-name">{use.name}</p>
              {use.arguments !== "" && use.arguments !== "{}" && (
                <pre>
                  <code>{laidOut(use.arguments)}</code>
                </pre>
              )}
              {use.output !== null && (
                <>
                  <p className="tool-use-name">
                    {t(use.failed ? "toolUse.failed" : "toolUse.result")}
                  </p>
                  <pre>
                    <code>{laidOut(use.output)}</code>
                  </pre>
                </>
              )}
            </div>
          </details>
        </li>
      ))}
    </ul>
  );
}

function stateOf(use: ToolUse, t: ReturnType<typeof useLanguage>["t"]): string {
  if (use.output === null) return t("toolUse.working");
  if (use.failed) return t("toolUse.failed");
  if (use.seconds === undefined || use.seconds < 0.05) return "";
  return t("toolUse.took", { seconds: use.seconds.toFixed(1) });
}
