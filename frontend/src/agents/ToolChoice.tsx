import { useState } from "react";
import { Link } from "react-router";
import { useLanguage } from "../i18n/language";
import { useSourceTitle } from "../tools/SourceCard";
import { matching, type Source, useTools } from "../tools/tools";
import { Failure } from "../ui/Failure";
import { FindField } from "../ui/FindField";
import { Loading } from "../ui/Page";
import { allOf, isAllowed, unknownIn, withSource, withTool } from "./allowed";

interface Props {
  /** null: all that can be used. */
  tools: string[] | null;
  onChange: (tools: string[] | null) => void;
}

const MODES = ["all", "some", "none"] as const;
type Mode = (typeof MODES)[number];

/** What an agent may do: everything, nothing, or what is ticked. */
export function ToolChoice({ tools, onChange }: Props) {
  const { t } = useLanguage();
  const [choosing, setChoosing] = useState(tools !== null && tools.length > 0);
  const mode: Mode = tools === null ? "all" : choosing || tools.length > 0 ? "some" : "none";

  function choose(wanted: Mode) {
    setChoosing(wanted === "some");
    onChange(wanted === "all" ? null : []);
  }

  return (
    <div className="stack">
      <fieldset className="options">
        <legend className="field-label">{t("agents.tools.mode")}</legend>
        {MODES.map((one) => (
          <label key={one} className="option">
            <input
              type="radio"
              name="tools-mode"
              checked={mode === one}
              onChange={() => choose(one)}
            />
            <span>
              {t(`agents.tools.${one}`)}
              <span className="note"> {t(`agents.tools.${one}.about`)}</span>
            </span>
          </label>
        ))}
      </fieldset>
      {mode === "some" && <ToolList list={tools ?? []} onChange={onChange} />}
      <p className="note">
        <Link to="/app/tools">{t("agents.tools.more")}</Link>
      </p>
    </div>
  );
}

const DEVICE = "device";

function ToolList({ list, onChange }: { list: string[]; onChange: (list: string[]) => void }) {
  const { t } = useLanguage();
  const { data, error, refetch } = useTools();
  const [sought, setSought] = useState("");
  if (error) return <Failure error={error} onRetry={() => void refetch()} />;
  if (!data) return <Loading />;
  const strangers = unknownIn(list, data.sources, [allOf(DEVICE)]);
  const shown = matching(data.sources, sought);
  return (
    <div className="stack">
      <FindField label={t("tools.find")} value={sought} onChange={setSought} />
      <p className="note" role="status">
        {list.length === 0
          ? t("agents.tools.nothingYet")
          : t("agents.tools.count", { count: String(list.length) })}
      </p>
      {shown
        .filter(({ tools }) => tools.length > 0)
        .map((source) => (
          <SourceChoice
            key={source.name}
            whole={data.sources.find(({ name }) => name === source.name) ?? source}
            shown={source}
            list={list}
            onChange={onChange}
          />
        ))}
      {sought.trim() === "" && (
        <label className="check">
          <input
            type="checkbox"
            checked={list.includes(allOf(DEVICE))}
            onChange={(event) => onChange(withSource(list, DEVICE, event.target.checked))}
          />
          {t("agents.tools.device")}
        </label>
      )}
      {strangers.map((id) => (
        <label key={id} className="check">
          <input
            type="checkbox"
            checked
            onChange={() => onChange(list.filter((one) => one !== id))}
          />
          <code>{id}</code>
          <span className="note">{t("agents.tools.away")}</span>
        </label>
      ))}
    </div>
  );
}

function SourceChoice(props: {
  whole: Source;
  shown: Source;
  list: string[];
  onChange: (list: string[]) => void;
}) {
  const { whole, shown, list, onChange } = props;
  const { t, said } = useLanguage();
  const title = useSourceTitle(shown.name);
  const all = list.includes(allOf(shown.name));
  const some = shown.tools.some(({ id }) => list.includes(id));
  return (
    <fieldset className="card tool-choice">
      <legend className="for-readers">{title}</legend>
      <label className="check tool-choice-all">
        <input
          type="checkbox"
          checked={all}
          ref={(box) => {
            if (box) box.indeterminate = !all && some;
          }}
          onChange={(event) => onChange(withSource(list, shown.name, event.target.checked))}
        />
        {t("agents.tools.whole", { source: title })}
      </label>
      <ul className="tool-ticks">
        {shown.tools.map((tool) => (
          <li key={tool.id}>
            <label className="check">
              <input
                type="checkbox"
                checked={isAllowed(list, shown.name, tool.id)}
                onChange={(event) => onChange(withTool(list, whole, tool.id, event.target.checked))}
              />
              <span>
                {tool.title ? said(tool.title) : tool.name}
                {tool.needs && <span className="badge warn">{t("tools.needs")}</span>}
              </span>
            </label>
          </li>
        ))}
      </ul>
    </fieldset>
  );
}
