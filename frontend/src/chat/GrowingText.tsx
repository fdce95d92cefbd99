import { type ComponentProps, useLayoutEffect, useRef } from "react";

interface Props extends Omit<ComponentProps<"textarea">, "value" | "onChange" | "ref"> {
  value: string;
  onChange: (value: string) => void;
}

/** A field that grows with what is written in it; its CSS says how far (`max-height`). */
export function GrowingText({ value, onChange, className, ...rest }: Props) {
  const field = useRef<HTMLTextAreaElement>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the height follows the words
  useLayoutEffect(() => {
    const element = field.current;
    if (!element) return;
    element.style.height = "auto";
    element.style.height = `${element.scrollHeight}px`;
  }, [value]);

  return (
    <textarea
      {...rest}
      ref={field}
      rows={1}
      dir="auto"
      className={className ? `growing ${className}` : "growing"}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
