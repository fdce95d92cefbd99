import { Keyboard } from "lucide-react";
import { useEffect, useState } from "react";
import { isTakingKeys } from "../call/useCallKeys";
import { useLanguage } from "../i18n/language";
import type { TextKey } from "../i18n/texts";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import "./shortcuts.css";

const SEARCH = "search input[type=search]";

/** What each key does: where it counts, and which. */
const KEYS: { where: TextKey; keys: [string, TextKey][] }[] = [
  {
    where: "shortcuts.everywhere",
    keys: [
      ["?", "shortcuts.this"],
      ["/", "conversations.search"],
      ["Esc", "shortcuts.escape"],
    ],
  },
  {
    where: "shortcuts.writing",
    keys: [
      ["Enter", "write.send"],
      ["Shift Enter", "shortcuts.line"],
    ],
  },
  {
    where: "shortcuts.call",
    keys: [
      ["keys.space", "keys.talk"],
      ["M", "keys.mute"],
      ["T", "keys.transcript"],
      ["Esc", "keys.interrupt"],
    ],
  },
];

/** The keys, listed behind a button and behind `?`; `/` goes to the search. */
export function Shortcuts() {
  const { t } = useLanguage();
  const [open, setOpen] = useState(false);

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const chord = event.ctrlKey || event.metaKey || event.altKey;
      if (event.defaultPrevented || chord || isTakingKeys(event.target)) return;
      if (event.key === "?") setOpen(true);
      if (event.key === "/") {
        const field = [...document.querySelectorAll<HTMLElement>(SEARCH)].find(
          (one) => one.offsetParent !== null,
        );
        if (!field) return;
        event.preventDefault();
        field.focus();
      }
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, []);

  return (
    <>
      <Button
        look="quiet"
        small
        className="shortcuts-button"
        icon={<Keyboard />}
        label={t("shortcuts.title")}
        onClick={() => setOpen(true)}
      />
      <Dialog open={open} title={t("shortcuts.title")} onClose={() => setOpen(false)}>
        {KEYS.map(({ where, keys }) => (
          <section key={where}>
            <h3>{t(where)}</h3>
            <dl className="shortcuts">
              {keys.map(([key, what]) => (
                <div key={what}>
                  <dt>{t(what)}</dt>
                  <dd>
                    {(key === "keys.space" ? t("keys.space") : key).split(" ").map((one) => (
                      <kbd key={one}>{one}</kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
        <div className="dialog-actions">
          <Button onClick={() => setOpen(false)}>{t("ui.close")}</Button>
        </div>
      </Dialog>
    </>
  );
}
