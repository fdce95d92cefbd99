import { Mic } from "lucide-react";
import { useLanguage } from "../i18n/language";

interface Props {
  pressing: boolean;
  disabled: boolean;
  onPress: () => void;
  onRelease: () => void;
}

/** Held while one speaks: by finger, mouse, Space or Enter. */
export function TalkButton({ pressing, disabled, onPress, onRelease }: Props) {
  const { t } = useLanguage();
  return (
    <button
      type="button"
      className="talk-button"
      aria-pressed={pressing}
      disabled={disabled}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        // The finger may slide off: letting go counts wherever it happens.
        event.currentTarget.setPointerCapture(event.pointerId);
        onPress();
      }}
      onPointerUp={onRelease}
      onPointerCancel={onRelease}
      onLostPointerCapture={onRelease}
      onContextMenu={(event) => event.preventDefault()}
      onKeyDown={(event) => {
        if (event.key !== " " && event.key !== "Enter") return;
        event.preventDefault();
        if (!event.repeat) onPress();
      }}
      onKeyUp={(event) => {
        if (event.key === " " || event.key === "Enter") onRelease();
      }}
      onBlur={onRelease}
    >
      <Mic aria-hidden="true" />
      <span>{t(pressing ? "call.letGo" : "call.hold")}</span>
    </button>
  );
}
