import { Tabs } from "radix-ui";
import type { ReactNode } from "react";
import { useSearchParams } from "react-router";

interface Tab {
  id: string;
  label: string;
  content: ReactNode;
}

/** Parts of a page behind tabs; the address holds which one is open (`?tab=…`), the first where none is. */
export function PageTabs({ label, tabs }: { label: string; tabs: Tab[] }) {
  const [query, setQuery] = useSearchParams();
  const asked = tabs.find(({ id }) => id === query.get("tab")) ?? tabs[0];
  return (
    <Tabs.Root
      value={asked?.id ?? ""}
      onValueChange={(tab) => setQuery({ tab }, { replace: true })}
    >
      <Tabs.List className="tabs" aria-label={label}>
        {tabs.map(({ id, label: name }) => (
          <Tabs.Trigger key={id} value={id} className="tab">
            {name}
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      {tabs.map(({ id, content }) => (
        <Tabs.Content key={id} value={id}>
          {content}
        </Tabs.Content>
      ))}
    </Tabs.Root>
  );
}
