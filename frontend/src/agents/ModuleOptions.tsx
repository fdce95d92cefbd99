import type { ReactNode } from "react";
import { useLanguage } from "../i18n/language";

export interface ModuleOption {
  /** What is chosen; null where nothing of its own is. */
  name: string | null;
  label: string;
  note?: string;
  /** A file of the operator's own. */
  own?: boolean;
  /** What is wrong with it; empty: nothing. */
  error?: string;
}

interface Props {
  legend: string;
  /** Of the radio buttons, unlike any other on the page. */
  group: string;
  options: readonly ModuleOption[];
  chosen: string | null;
  /** Said of a chosen file that is no longer there. */
  gone: string;
  onChoose: (name: string | null) => void;
}

/** One of several modules, built in or a file: how an agent remembers, what decides about its tools. */
export function ModuleOptions({ legend, group, options, chosen, gone, onChoose }: Props) {
  const { t, said } = useLanguage();
  const option = (name: string | null, children: ReactNode, onChange?: () => void) => (
    <label key={name ?? ""} className="option">
      <input
        type="radio"
        name={group}
        checked={name === chosen}
        readOnly={!onChange}
        onChange={onChange}
      />
      <span>{children}</span>
    </label>
  );
  return (
    <fieldset className="options">
      <legend className="field-label">{legend}</legend>
      {options.map(({ name, label, note, own, error }) =>
        option(
          name,
          <>
            {label}
            {own && <span className="badge">{t("agents.memory.file")}</span>}
            {note && <span className="note"> {note}</span>}
            {error && <span className="field-error"> {said(error)}</span>}
          </>,
          () => onChoose(name),
        ),
      )}
      {options.every(({ name }) => name !== chosen) &&
        option(
          chosen,
          <>
            {chosen} <span className="badge warn">{gone}</span>
          </>,
        )}
    </fieldset>
  );
}
