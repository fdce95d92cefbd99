import { Wrench } from "lucide-react";
import { useState } from "react";
import { useLanguage } from "../i18n/language";
import { TrialDialog } from "../tools/TrialDialog";
import { Button } from "../ui/Button";
import { Empty } from "../ui/Page";
import { callDeviceTool, type Device, type DeviceTool, toolTitle } from "./devices";

/** What the device can do, as it told when it connected; each can be called. */
export function DeviceTools({ device }: { device: Device }) {
  const { t } = useLanguage();
  const [tried, setTried] = useState<DeviceTool | null>(null);
  if (device.tools.length === 0) {
    return (
      <Empty
        icon={<Wrench aria-hidden="true" />}
        title={t(device.online ? "devices.noTools" : "devices.toolsOffline")}
      >
        <p>{t(device.online ? "devices.noToolsAbout" : "devices.pushOffline")}</p>
      </Empty>
    );
  }
  return (
    <>
      <ul className="rows">
        {device.tools.map((tool) => (
          <li key={tool.name} className="card tool-row">
            <div>
              <h2>
                {toolTitle(tool)} <code className="tool-name">{tool.name}</code>
              </h2>
              <p className="note tool-about">{tool.description}</p>
            </div>
            <Button small onClick={() => setTried(tool)}>
              {t("tools.try")}
              <span className="for-readers">: {tool.name}</span>
            </Button>
          </li>
        ))}
      </ul>
      {tried && (
        <TrialDialog
          key={tried.name}
          title={toolTitle(tried)}
          about={tried.description}
          parameters={tried.parameters}
          note={t("devices.toolNote", { name: device.name })}
          call={(values) => callDeviceTool(device.id, tried.name, values)}
          onClose={() => setTried(null)}
        />
      )}
    </>
  );
}
