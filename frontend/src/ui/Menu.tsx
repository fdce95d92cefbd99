import { Check, MoreHorizontal } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import type { ReactNode } from "react";
import { useLanguage } from "../i18n/language";
import { Button } from "./Button";

/** What can be done with one thing, behind three dots (or the `trigger`). */
export function Menu(props: { label?: string; trigger?: ReactNode; children: ReactNode }) {
  const { t } = useLanguage();
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>
        {props.trigger ?? (
          <Button
            look="quiet"
            small
            icon={<MoreHorizontal />}
            label={props.label ?? t("ui.more")}
          />
        )}
      </DropdownMenu.Trigger>
      {/* Beside its button, not at the page's end: within the landmark a screen reader is in. */}
      <DropdownMenu.Content className="menu" align="end" sideOffset={4} collisionPadding={8}>
        {props.children}
      </DropdownMenu.Content>
    </DropdownMenu.Root>
  );
}

interface ItemProps {
  icon?: ReactNode;
  danger?: boolean;
  disabled?: boolean;
  onSelect: () => void;
  children: ReactNode;
}

export function MenuItem({ icon, danger, disabled = false, onSelect, children }: ItemProps) {
  return (
    <DropdownMenu.Item
      className={danger ? "menu-item danger" : "menu-item"}
      disabled={disabled}
      onSelect={onSelect}
    >
      {icon}
      {children}
    </DropdownMenu.Item>
  );
}

interface ChoicesProps {
  chosen: string;
  /** What can be chosen, by what it is called. */
  choices: Record<string, string>;
  onChoose: (choice: string) => void;
}

/** One of several, with a tick at the one that counts. */
export function MenuChoices({ chosen, choices, onChoose }: ChoicesProps) {
  return (
    <DropdownMenu.RadioGroup value={chosen} onValueChange={onChoose}>
      {Object.entries(choices).map(([choice, text]) => (
        <DropdownMenu.RadioItem key={choice} value={choice} className="menu-item choice">
          {text}
          <DropdownMenu.ItemIndicator asChild>
            <Check aria-hidden="true" />
          </DropdownMenu.ItemIndicator>
        </DropdownMenu.RadioItem>
      ))}
    </DropdownMenu.RadioGroup>
  );
}
