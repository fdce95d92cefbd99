import { PhoneOff } from "lucide-react";
import { Link, useLocation } from "react-router";
import { useConversation } from "../conversation/ConversationProvider";
import { useLanguage } from "../i18n/language";
import { isReady, useServer } from "../server/health";
import { Button } from "../ui/Button";
import { Status } from "./Status";

/** While a call goes on and another page is looked at: who holds the floor, the way back, hanging up. */
export function CallBar() {
  const { t } = useLanguage();
  const { pathname } = useLocation();
  const { health } = useServer();
  const { state, store, actions } = useConversation();
  const inCall = ["connecting", "live", "reconnecting"].includes(state.phase);
  const athome = pathname === "/" || pathname === "/app" || pathname.startsWith("/app/c/");
  if (!inCall || athome) return null;
  return (
    <div className="callbar">
      <Link to="/">{t("call.back")}</Link>
      <Status state={state} store={store} ready={isReady(health)} />
      <Button look="danger" small icon={<PhoneOff />} onClick={actions.end}>
        {t("call.end")}
      </Button>
    </div>
  );
}
