import { PauseCircle, RotateCw, Trash2, Users } from "lucide-react";
import { useState } from "react";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { Menu, MenuItem } from "../ui/Menu";
import { useToast } from "../ui/Toasts";
import { useFailed } from "../ui/useFailed";
import { GrantDialog } from "./GrantDialog";
import { type McpServer, useMcpActs } from "./tools";

/** What can be done with an MCP server that is in use. */
export function McpActs({ server }: { server: McpServer }) {
  const { t } = useLanguage();
  const say = useToast();
  const onError = useFailed();
  const { restart, remove, restore, switchTo } = useMcpActs();
  const [granting, setGranting] = useState(false);
  const { name, editable } = server;
  // By promises: the callbacks of `mutate` are lost with what is no longer shown.
  const done = (text: string, undo: () => Promise<unknown>) =>
    say({ text, action: { label: t("ui.undo"), run: () => void undo().catch(onError) } });

  function leaveOut() {
    void switchTo
      .mutateAsync({ name, disabled: true })
      .then(
        () => done(t("mcp.off", { name }), () => switchTo.mutateAsync({ name, disabled: false })),
        onError,
      );
  }

  function throwAway() {
    void remove
      .mutateAsync(name)
      .then(() => done(t("mcp.removed", { name }), () => restore.mutateAsync(name)), onError);
  }

  return (
    <div className="source-actions">
      <Button
        look="quiet"
        small
        icon={<RotateCw />}
        label={t("mcp.restart", { name })}
        disabled={restart.isPending}
        onClick={() => restart.mutate(name, { onError })}
      />
      {editable && (
        <Menu label={t("mcp.menu", { name })}>
          <MenuItem icon={<Users />} onSelect={() => setGranting(true)}>
            {t("mcp.grant")}
          </MenuItem>
          <MenuItem icon={<PauseCircle />} onSelect={leaveOut}>
            {t("mcp.switchOff")}
          </MenuItem>
          <MenuItem icon={<Trash2 />} danger onSelect={throwAway}>
            {t("mcp.remove")}
          </MenuItem>
        </Menu>
      )}
      {granting && <GrantDialog server={server} onClose={() => setGranting(false)} />}
    </div>
  );
}
