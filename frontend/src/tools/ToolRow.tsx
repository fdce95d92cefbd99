import { useId, useState } from "react";
import { Link } from "react-router";
import { ago } from "../i18n/ago";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { ofLanguage, type Tool, variablesIn } from "./tools";

/** One tool: what it does, what it lacks, how its last calls went. */
export function ToolRow({ tool, onTry }: { tool: Tool; onTry: () => void }) {
  const { t, said, language } = useLanguage();
  const [whole, setWhole] = useState(false);
  const aboutId = useId();
  const about = ofLanguage(tool.description, language);
  const { needs, last_error, calls } = tool;
  const last = calls.at(-1);
  const long = about.length > 120 || about.includes("\n");
  const variables = variablesIn(needs);
  return (
    <li className="tool">
      <div className="tool-text">
        <h3>
          {tool.title ? said(tool.title) : tool.name}{" "}
          {tool.title && <code className="tool-name">{tool.name}</code>}
        </h3>
        <p id={aboutId} className={whole ? "note tool-about" : "note tool-about clamped"}>
          {about}
        </p>
        {long && (
          <Button
            look="quiet"
            small
            className="tool-more"
            aria-expanded={whole}
            aria-controls={aboutId}
            onClick={() => setWhole(!whole)}
          >
            {t(whole ? "tools.less" : "tools.more")}
          </Button>
        )}
        {needs && (
          <div className="tool-needs">
            <span className="badge warn">{t("tools.needs")}</span> {said(needs)}
            {variables.length > 0 && (
              <p className="note">
                {t("tools.setBefore")} <code>{variables.join(", ")}</code>{" "}
                <Link to="/app/settings?tab=server">{t("tools.allSettings")}</Link>
              </p>
            )}
          </div>
        )}
        {last && (
          <p className="note">
            <span className={last.failed ? "badge bad" : "badge good"}>
              {t(last.failed ? "tools.failed" : "tools.worked")}
            </span>{" "}
            {ago(last.at, new Date(), language)} · {Math.max(1, Math.round(last.seconds * 1000))} ms
          </p>
        )}
        {last_error && <p className="field-error tool-error">{said(last_error)}</p>}
      </div>
      <Button small disabled={needs !== ""} onClick={onTry}>
        {t("tools.try")}
        <span className="for-readers">: {tool.name}</span>
      </Button>
    </li>
  );
}
