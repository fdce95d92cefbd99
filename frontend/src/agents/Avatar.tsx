import "./avatar.css";

/** The first letter of a name on a colour of its own: people find a face faster than a word. */
export function Avatar({ name }: { name: string }) {
  const letter = [...name.trim()][0] ?? "·";
  const hue = [...name].reduce((sum, char) => sum + (char.codePointAt(0) ?? 0) * 7, 0) % 360;
  return (
    <span className="avatar" style={{ "--hue": hue } as React.CSSProperties} aria-hidden="true">
      {letter}
    </span>
  );
}
