import { useState } from "react";
import { CallPage } from "../call/CallPage";
import { useLanguage } from "../i18n/language";
import { useServer } from "../server/health";
import { Header } from "./Header";
import { Login } from "./Login";

/** The page: header, and either the door (where there is a password) or the call. */
export function App() {
  const { t } = useLanguage();
  const [attempt, setAttempt] = useState(0);
  const server = useServer(attempt);
  return (
    <>
      {!server.locked && (
        <a className="skip" href="#conversation">
          {t("app.skip")}
        </a>
      )}
      <Header />
      {server.locked ? (
        <Login onDone={() => setAttempt(attempt + 1)} />
      ) : (
        <CallPage server={server} />
      )}
    </>
  );
}
