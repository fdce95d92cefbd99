import { Plus } from "lucide-react";
import { useState } from "react";
import { useParams } from "react-router";
import { useLanguage } from "../i18n/language";
import { Reminders } from "../reminders/Reminders";
import { Button } from "../ui/Button";
import { Failure } from "../ui/Failure";
import { Loading, Page } from "../ui/Page";
import { PageTabs } from "../ui/PageTabs";
import { BindDialog } from "./BindDialog";
import { ConnectGuide } from "./ConnectGuide";
import { DeviceCard } from "./DeviceCard";
import { DevicePage } from "./DevicePage";
import { useDevices, type WaitingDevice } from "./devices";
import { Firmware } from "./Firmware";
import "./devices.css";

/** Every device that talks to this server; `/app/devices/{id}` opens one of them. */
export function DevicesPage() {
  const { t } = useLanguage();
  const { deviceId } = useParams();
  const { data, error, refetch } = useDevices();
  const [binding, setBinding] = useState(false);
  const device = data?.devices.find(({ id }) => id === deviceId);
  if (device) return <DevicePage key={device.id} device={device} />;
  const bind = () => setBinding(true);
  const list = (
    <div className="stack">
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Loading />}
      {data && deviceId && (
        <p className="notice warn" role="alert">
          {t("devices.gone")}
        </p>
      )}
      {data && data.waiting.length > 0 && <Waiting waiting={data.waiting} onBind={bind} />}
      {data && data.devices.length > 0 && (
        <ul className="device-list">
          {data.devices.map((one) => (
            <DeviceCard key={one.id} device={one} />
          ))}
        </ul>
      )}
      {data && <ConnectGuide first={data.devices.length === 0} />}
    </div>
  );
  return (
    <Page
      title={t("devices.title")}
      about={t("devices.about")}
      actions={
        <Button look="primary" icon={<Plus />} onClick={bind}>
          {t("devices.bind")}
        </Button>
      }
    >
      <PageTabs
        label={t("devices.title")}
        tabs={[
          { id: "devices", label: t("devices.tab.devices"), content: list },
          { id: "reminders", label: t("reminders.tab"), content: <Reminders device={null} /> },
          {
            id: "firmware",
            label: t("devices.tab.firmware"),
            content: <Firmware devices={data?.devices ?? []} />,
          },
        ]}
      />
      {binding && <BindDialog onClose={() => setBinding(false)} />}
    </Page>
  );
}

/** Devices that have called and show their code now. */
function Waiting({ waiting, onBind }: { waiting: WaitingDevice[]; onBind: () => void }) {
  const { t } = useLanguage();
  const [first] = waiting;
  const name = first && (first.board || first.model || first.id);
  return (
    <div className="notice warn waiting-devices" role="status">
      <p>
        {waiting.length === 1
          ? t("devices.waitingOne", { name: name ?? "", address: first?.address ?? "" })
          : t("devices.waitingMany", { count: String(waiting.length) })}
      </p>
      <Button small onClick={onBind}>
        {t("devices.typeCode")}
      </Button>
    </div>
  );
}
