import { PauseCircle, RotateCw, Trash2 } from "lucide-react";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { Menu, MenuItem } from "../ui/Menu";
import { useToast } from "../ui/Toasts";
import { useFailed } from "../ui/useFailed";
import { type McpServer, useMcpActs } from "./tools";

/** What can be done with an MCP server that is in use. */
export function McpActs({ server }: { server: McpServer }) {
  const { t } = useLanguage();
  const say = useToast();
  const onError = useFailed();
  const { restart, remove, restore, switchTo } = useMcpActs();
  const { name, editable } = server;
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
          <MenuItem
            icon={<PauseCircle />}
            onSelect={() =>
              switchTo.mutate(
                { name, disabled: true },
                {
                  onError,
                  onSuccess: () =>
                    say({
                      text: t("mcp.off", { name }),
                      action: {
                        label: t("ui.undo"),
                        run: () => switchTo.mutate({ name, disabled: false }, { onError }),
                      },
                    }),
                },
              )
            }
          >
            {t("mcp.switchOff")}
          </MenuItem>
          <MenuItem
            icon={<Trash2 />}
            danger
            onSelect={() =>
              remove.mutate(name, {
                onError,
                onSuccess: () =>
                  say({
                    text: t("mcp.removed", { name }),
                    action: { label: t("ui.undo"), run: () => restore.mutate(name, { onError }) },
                  }),
              })
            }
          >
            {t("mcp.remove")}
          </MenuItem>
        </Menu>
      )}
    </div>
  );
}
