import { Toast } from "radix-ui";
import { createContext, type ReactNode, use, useCallback, useState } from "react";
import { useLanguage } from "../i18n/language";
import { Button } from "./Button";

interface Message {
  text: string;
  bad?: boolean;
  /** Something to do about it, most often Undo. */
  action?: { label: string; run: () => void };
}

type Say = (message: Message) => void;

const SayContext = createContext<Say | null>(null);
const SHOWN_MILLISECONDS = 6_000;

/** Short messages at the head of the page, where they hide nothing one works with; read out by screen readers. */
export function Toasts({ children }: { children: ReactNode }) {
  const { t } = useLanguage();
  const [shown, setShown] = useState<(Message & { id: number })[]>([]);
  const say = useCallback<Say>((message) => {
    setShown((before) => [...before.slice(-2), { ...message, id: (before.at(-1)?.id ?? 0) + 1 }]);
  }, []);
  const remove = (id: number) => setShown((before) => before.filter((one) => one.id !== id));
  return (
    <SayContext value={say}>
      <Toast.Provider duration={SHOWN_MILLISECONDS} label={t("ui.notifications")}>
        {children}
        {shown.map(({ id, text, bad, action }) => (
          <Toast.Root
            key={id}
            className={bad ? "toast bad" : "toast"}
            onOpenChange={(open) => !open && remove(id)}
          >
            <Toast.Description>{text}</Toast.Description>
            {action && (
              <Toast.Action asChild altText={action.label}>
                <Button look="quiet" small onClick={action.run}>
                  {action.label}
                </Button>
              </Toast.Action>
            )}
          </Toast.Root>
        ))}
        <Toast.Viewport className="toasts" />
      </Toast.Provider>
    </SayContext>
  );
}

/** Say something at the head of the page. */
export function useToast(): Say {
  const say = use(SayContext);
  if (!say) throw new Error("useToast needs Toasts around it");
  return say;
}
