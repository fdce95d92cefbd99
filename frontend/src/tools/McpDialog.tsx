import { type FormEvent, useState } from "react";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Failure } from "../ui/Failure";
import { Field } from "../ui/Field";
import { useToast } from "../ui/Toasts";
import { type NewMcpServer, useAddMcpServer } from "./tools";

/** An MCP server at an address; programs are written into the file by hand. */
export function McpDialog({ file, onClose }: { file: string; onClose: () => void }) {
  const { t } = useLanguage();
  const say = useToast();
  const add = useAddMcpServer();
  const [fields, setFields] = useState<NewMcpServer>({
    name: "",
    url: "",
    transport: "auto",
    token: "",
  });
  const set = (change: Partial<NewMcpServer>) => setFields({ ...fields, ...change });

  function submit(event: FormEvent) {
    event.preventDefault();
    add.mutate(fields, {
      onSuccess: () => {
        onClose();
        say({ text: t("mcp.added", { name: fields.name }) });
      },
    });
  }

  return (
    <Dialog open title={t("mcp.add")} about={t("mcp.addAbout")} onClose={onClose}>
      <form className="stack" onSubmit={submit}>
        <Field label={t("mcp.name")} hint={t("mcp.nameHint")}>
          {(control) => (
            <input
              {...control}
              required
              pattern="[A-Za-z0-9][A-Za-z0-9_\-]*"
              maxLength={64}
              value={fields.name}
              onChange={(event) => set({ name: event.target.value })}
            />
          )}
        </Field>
        <Field label={t("mcp.address")}>
          {(control) => (
            <input
              {...control}
              required
              type="url"
              inputMode="url"
              placeholder="https://example.org/mcp"
              value={fields.url}
              onChange={(event) => set({ url: event.target.value })}
            />
          )}
        </Field>
        <Field label={t("mcp.token")} hint={t("mcp.tokenHint")}>
          {(control) => (
            <input
              {...control}
              type="password"
              autoComplete="off"
              value={fields.token}
              onChange={(event) => set({ token: event.target.value })}
            />
          )}
        </Field>
        <Field label={t("mcp.transport")}>
          {(control) => (
            <select
              {...control}
              value={fields.transport}
              onChange={(event) => set({ transport: event.target.value })}
            >
              <option value="auto">{t("mcp.transport.auto")}</option>
              <option value="http">Streamable HTTP</option>
              <option value="sse">SSE</option>
            </select>
          )}
        </Field>
        <p className="note">
          {t("mcp.trust")} {t("mcp.programs")} <code>{file}</code>
        </p>
        {add.error && <Failure error={add.error} />}
        <div className="dialog-actions">
          <Button onClick={onClose}>{t("ui.cancel")}</Button>
          <Button type="submit" look="primary" disabled={add.isPending}>
            {t("mcp.addAction")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
