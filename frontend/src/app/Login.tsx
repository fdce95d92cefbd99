import { type FormEvent, useState } from "react";
import { problemOfRequest } from "../conversation/problem";
import { useLanguage } from "../i18n/language";
import { request, ServerError } from "../server/http";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";

/** Asks for the server's password. */
export function Login({ onDone }: { onDone: () => void }) {
  const { t } = useLanguage();
  const [message, setMessage] = useState("");
  const [busy, setBusy] = useState(false);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const password = new FormData(event.currentTarget).get("password");
    setBusy(true);
    try {
      const body = JSON.stringify({ password });
      const headers = { "content-type": "application/json" };
      await request("/api/login", { method: "POST", body, headers });
      onDone();
    } catch (error) {
      const wrong = error instanceof ServerError && error.code === "wrong_password";
      const problem = problemOfRequest(error);
      setMessage(wrong ? t("login.wrong") : (problem.detail ?? t(problem.key)));
    } finally {
      setBusy(false);
    }
  }

  return (
    <main className="login">
      <form onSubmit={submit}>
        <h1>{t("login.title")}</h1>
        <Field label={t("login.label")} error={message || undefined}>
          {(control) => (
            <input
              {...control}
              name="password"
              type="password"
              autoComplete="current-password"
              required
            />
          )}
        </Field>
        <Button type="submit" look="primary" disabled={busy}>
          {t("login.submit")}
        </Button>
      </form>
    </main>
  );
}
