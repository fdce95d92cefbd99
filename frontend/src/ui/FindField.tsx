import { Field } from "./Field";

interface Props {
  label: string;
  value: string;
  onChange: (value: string) => void;
}

/** A labelled line that narrows a list while one types. */
export function FindField({ label, value, onChange }: Props) {
  return (
    <Field label={label}>
      {(control) => (
        <input
          {...control}
          type="search"
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}
