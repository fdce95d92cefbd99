import { PauseCircle, RotateCw, Trash2, Users } from "lucide-react";
import { useState } from "react";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { Menu, MenuItem } from "../ui/Menu";
import { useFailed } from "../ui/useFailed";
import { useUndoable } from "../ui/useUndoable";
import { GrantDialog } from "./GrantDialog";
import { type McpServer, useMcpActs } from "./tools";

/** What can be done with an MCP server that is in use. */
export function McpActs({ server }: { server: McpServer }) {
  const { t } = useLanguage();
  const undoable = useUndoable();
  const onError = useFailed();
  const { restart, remove, restore, switchTo } = useMcpActs();
  const [granting, setGranting] = useState(false);
  const { name, editable } = server;

  const leaveOut = () =>
    undoable(switchTo.mutateAsync({ name, disabled: true }), t("mcp.off", { name }), () =>
      switchTo.mutateAsync({ name, disabled: false }),
    );
  const throwAway = () =>
    undoable(remove.mutateAsync(name), t("mcp.removed", { name }), () => restore.mutateAsync(name));

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
