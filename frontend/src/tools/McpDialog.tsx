import { useState } from "react";
import { useLanguage } from "../i18n/language";
import { Field } from "../ui/Field";
import { FormDialog } from "../ui/FormDialog";
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

  function submit() {
    add.mutate(fields, {
      onSuccess: () => {
        onClose();
        say({ text: t("mcp.added", { name: fields.name }) });
      },
    });
  }

  return (
    <FormDialog
      title={t("mcp.add")}
      about={t("mcp.addAbout")}
      onClose={onClose}
      request={add}
      action={t("mcp.addAction")}
      onSubmit={submit}
    >
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
    </FormDialog>
  );
}
