import { Cloud, HardDrive, PlugZap, Sparkles } from "lucide-react";
import type { ReactNode } from "react";
import { useLanguage } from "../i18n/language";
import type { Choice } from "./providers";

const SIGNS: Record<Choice["type"], ReactNode> = {
  auto: <Sparkles aria-hidden="true" />,
  local: <HardDrive aria-hidden="true" />,
  provider: <Cloud aria-hidden="true" />,
  custom: <PlugZap aria-hidden="true" />,
};

interface Props {
  choices: Choice[];
  /** Key of a choice. */
  chosen: string;
  onChoose: (key: string) => void;
}

/** Tells the choices apart: one engine may serve its own provider and any other address. */
export function keyOf(choice: Choice | undefined): string {
  return choice ? `${choice.type}:${choice.engine}` : "";
}

/** The engines as cards: automatic, on this machine, a provider's, any other address. */
export function EnginePicker({ choices, chosen, onChoose }: Props) {
  const { t, said } = useLanguage();
  return (
    <fieldset className="engine-picker">
      <legend className="field-label">{t("settings.engine")}</legend>
      {choices.map((choice) => (
        <label key={keyOf(choice)} className={choice.available ? "engine" : "engine missing"}>
          <input
            type="radio"
            name="engine"
            value={keyOf(choice)}
            checked={keyOf(choice) === chosen}
            onChange={() => onChoose(keyOf(choice))}
          />
          {SIGNS[choice.type]}
          <span>
            <span className="engine-name">{said(titleOf(choice, t("settings.auto")))}</span>
            <span className="engine-type">{t(`settings.type.${choice.type}`)}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

function titleOf(choice: Choice, automatic: string): string {
  return choice.type === "auto" ? automatic : choice.title;
}
