import type { ReactNode } from "react";

/** A table in a card that may be wider than the screen: it scrolls by itself, by keyboard too. */
export function WideTable({ label, children }: { label: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className="card scrolls" aria-label={label} tabIndex={0}>
      <table className="figures">{children}</table>
    </section>
  );
}
