import { Settings2, Unlink } from "lucide-react";
import { Link, useNavigate } from "react-router";
import { Avatar } from "../agents/Avatar";
import { useAgentList } from "../agents/agents";
import { ago } from "../i18n/ago";
import { useLanguage } from "../i18n/language";
import { Menu, MenuItem } from "../ui/Menu";
import type { Device } from "./devices";
import { BatteryBadge, StateBadge } from "./StateBadge";
import { useDeviceStatus } from "./status";
import { useUnbind } from "./useUnbind";

/** One device: how it is, who answers there. */
export function DeviceCard({ device }: { device: Device }) {
  const { t, language } = useLanguage();
  const navigate = useNavigate();
  const unbind = useUnbind();
  const status = useDeviceStatus(device);
  const agents = useAgentList().data;
  const agent = agents?.agents.find(({ id }) => id === (device.agent ?? agents.default));
  const address = `/app/devices/${device.id}`;
  const seen =
    device.online || !device.last_seen
      ? null
      : t("devices.seen", { when: ago(device.last_seen, new Date(), language) });
  const kind = [device.board || device.model, device.firmware].filter(Boolean).join(" · ");
  return (
    <li className="card device-card">
      <Avatar name={device.name} />
      <div className="device-text">
        <h2>
          <Link to={address}>{device.name}</Link>
        </h2>
        <p className="note">{[agent?.name, kind].filter(Boolean).join(" · ")}</p>
        <p className="facts">
          <StateBadge device={device} />
          <BatteryBadge device={device} status={status} />
          {seen && <span className="note">{seen}</span>}
        </p>
      </div>
      <Menu label={t("devices.menu", { name: device.name })}>
        <MenuItem icon={<Settings2 />} onSelect={() => void navigate(address)}>
          {t("devices.open")}
        </MenuItem>
        <MenuItem icon={<Unlink />} danger onSelect={() => unbind(device)}>
          {t("devices.unbind")}
        </MenuItem>
      </Menu>
    </li>
  );
}
