import type { ButtonHTMLAttributes, ReactNode, Ref } from "react";

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** `primary`: the one thing to do here. */
  look?: "plain" | "primary" | "danger" | "quiet";
  small?: boolean;
  /** A sign alone; then `label` is what a screen reader says and a pointer shows. */
  icon?: ReactNode;
  label?: string;
  ref?: Ref<HTMLButtonElement>;
}

export function Button({ look = "plain", small, icon, label, children, ...rest }: Props) {
  const names = ["button", look, small && "small", icon && !children && "icon", rest.className];
  return (
    <button
      type="button"
      aria-label={label}
      title={children ? undefined : label}
      {...rest}
      className={names.filter(Boolean).join(" ")}
    >
      {icon}
      {children}
    </button>
  );
}
