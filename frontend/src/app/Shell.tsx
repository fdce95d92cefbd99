import { Menu as MenuSign, SquarePen } from "lucide-react";
import { Dialog } from "radix-ui";
import { useEffect, useState } from "react";
import { Link, Outlet, useLocation, useNavigation } from "react-router";
import { CallBar } from "../call/CallBar";
import { useNewConversation } from "../conversation/ConversationProvider";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { Loading } from "../ui/Page";
import { Logo } from "./Logo";
import { Sidebar } from "./Sidebar";
import "./shell.css";

/** The frame: the sidebar (a drawer on a phone) and the page beside it. */
export function Shell() {
  const { t } = useLanguage();
  const { pathname } = useLocation();
  const moving = useNavigation().state === "loading";
  return (
    <div className="shell">
      <a className="skip" href="#content">
        {t("app.skip")}
      </a>
      <aside className="side">
        <Sidebar />
      </aside>
      <TopBar key={pathname} />
      <div className="beside">
        <CallBar />
        {moving ? (
          <main id="content" tabIndex={-1}>
            <Loading />
          </main>
        ) : (
          <Outlet />
        )}
      </div>
    </div>
  );
}

/** On narrow screens: the menu, the name, a new conversation. */
function TopBar() {
  const { t } = useLanguage();
  const [open, setOpen] = useState(false);
  const fresh = useNewConversation();
  useCloseWhenWide(setOpen);
  return (
    <header className="topbar">
      <Dialog.Root open={open} onOpenChange={setOpen}>
        <Dialog.Trigger asChild>
          <Button look="quiet" icon={<MenuSign />} label={t("app.menu")} />
        </Dialog.Trigger>
        <Dialog.Portal>
          <Dialog.Overlay className="veil" />
          <Dialog.Content className="drawer" aria-describedby={undefined}>
            <Dialog.Title className="for-readers">{t("app.menu")}</Dialog.Title>
            <Sidebar onLeave={() => setOpen(false)} />
          </Dialog.Content>
        </Dialog.Portal>
      </Dialog.Root>
      <Link to="/" className="brand">
        <Logo />
        Kaikou
      </Link>
      <Button look="quiet" icon={<SquarePen />} label={t("conversations.new")} onClick={fresh} />
    </header>
  );
}

/** A drawer over a wide page would hide the sidebar it stands for. */
function useCloseWhenWide(setOpen: (open: boolean) => void): void {
  useEffect(() => {
    const wide = matchMedia("(min-width: 48.01rem)");
    const close = () => setOpen(false);
    wide.addEventListener("change", close);
    return () => wide.removeEventListener("change", close);
  }, [setOpen]);
}
