import { CopyButton } from "../chat/CopyButton";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { useFailed } from "../ui/useFailed";
import { type McpServer, useMcpActs } from "./tools";

/** MCP servers that are left out for now, and where servers are written down. */
export function SwitchedOff({ servers, file }: { servers: McpServer[]; file: string }) {
  const { t } = useLanguage();
  const onError = useFailed();
  const { switchTo } = useMcpActs();
  const off = servers.filter(({ disabled }) => disabled);
  return (
    <>
      {off.length > 0 && (
        <section className="stack" aria-label={t("mcp.offTitle")}>
          <h2>{t("mcp.offTitle")}</h2>
          <ul className="rows">
            {off.map(({ name, address, origin, editable }) => (
              <li key={name} className="card tool">
                <div className="tool-text">
                  <h3>{name}</h3>
                  <p className="note source-address">{address}</p>
                  {!editable && <p className="note">{t("tools.from", { origin })}</p>}
                </div>
                {editable && (
                  <Button
                    small
                    onClick={() => switchTo.mutate({ name, disabled: false }, { onError })}
                  >
                    {t("mcp.switchOn")}
                    <span className="for-readers">: {name}</span>
                  </Button>
                )}
              </li>
            ))}
          </ul>
        </section>
      )}
      <p className="note mcp-file">
        {t("mcp.programs")} <code>{file}</code>
        <CopyButton text={file} label={t("mcp.copyFile")} />
      </p>
    </>
  );
}
