import { useState } from "react";
import { useAgentList } from "../agents/agents";
import { useLanguage } from "../i18n/language";
import { FormDialog } from "../ui/FormDialog";
import { useToast } from "../ui/Toasts";
import { useFailed } from "../ui/useFailed";
import { type McpServer, useMcpActs } from "./tools";

/** Which agents may use an MCP server: all, or those that are ticked. */
export function GrantDialog({ server, onClose }: { server: McpServer; onClose: () => void }) {
  const { t } = useLanguage();
  const say = useToast();
  const failed = useFailed();
  const { grant } = useMcpActs();
  const { name, agents: before } = server;
  const agents = useAgentList().data?.agents ?? [];
  const [some, setSome] = useState(before !== null);
  const [ticked, setTicked] = useState<readonly string[]>(before ?? []);

  function submit() {
    const undo = () => void grant.mutateAsync({ name, agents: before }).catch(failed);
    grant.mutate(
      { name, agents: some ? [...ticked] : null },
      {
        onSuccess: () => {
          onClose();
          say({ text: t("mcp.granted", { name }), action: { label: t("ui.undo"), run: undo } });
        },
      },
    );
  }

  return (
    <FormDialog
      title={t("mcp.grantTitle", { name })}
      about={t("mcp.grantAbout")}
      onClose={onClose}
      request={grant}
      onSubmit={submit}
    >
      <fieldset className="options">
        <legend className="for-readers">{t("mcp.grant")}</legend>
        {[false, true].map((one) => (
          <label key={String(one)} className="option">
            <input
              type="radio"
              name="granted"
              checked={some === one}
              onChange={() => setSome(one)}
            />
            {t(one ? "mcp.grantSome" : "mcp.grantAll")}
          </label>
        ))}
      </fieldset>
      {some && (
        <fieldset className="options indented">
          <legend className="for-readers">{t("mcp.grantSome")}</legend>
          {agents.map(({ id, name: agent }) => (
            <label key={id} className="check">
              <input
                type="checkbox"
                checked={ticked.includes(id)}
                onChange={(event) =>
                  setTicked(
                    event.target.checked ? [...ticked, id] : ticked.filter((one) => one !== id),
                  )
                }
              />
              {agent}
            </label>
          ))}
        </fieldset>
      )}
    </FormDialog>
  );
}
