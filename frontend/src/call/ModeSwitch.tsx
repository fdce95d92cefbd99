import { AudioLines, Pointer } from "lucide-react";
import { RadioGroup } from "radix-ui";
import { useLanguage } from "../i18n/language";
import type { Mode } from "./preferences";

interface Props {
  mode: Mode;
  onChange: (mode: Mode) => void;
}

/** Hands-free, or a button to hold. */
export function ModeSwitch({ mode, onChange }: Props) {
  const { t } = useLanguage();
  return (
    <RadioGroup.Root
      className="modes"
      value={mode}
      onValueChange={(chosen) => onChange(chosen as Mode)}
      aria-label={t("mode.label")}
      orientation="horizontal"
    >
      <RadioGroup.Item value="open" className="mode">
        <AudioLines aria-hidden="true" />
        {t("mode.open")}
      </RadioGroup.Item>
      <RadioGroup.Item value="push" className="mode">
        <Pointer aria-hidden="true" />
        {t("mode.push")}
      </RadioGroup.Item>
    </RadioGroup.Root>
  );
}
