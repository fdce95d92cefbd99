import { MessagesSquare, Unlink } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Link, useNavigate } from "react-router";
import { ago, moment } from "../i18n/ago";
import { useLanguage } from "../i18n/language";
import { Reminders } from "../reminders/Reminders";
import { Button } from "../ui/Button";
import { Failure } from "../ui/Failure";
import { Field } from "../ui/Field";
import { Page } from "../ui/Page";
import { PageTabs } from "../ui/PageTabs";
import { useToast } from "../ui/Toasts";
import { AgentField } from "./AgentField";
import { DeviceTools } from "./DeviceTools";
import { type Device, useChangeDevice } from "./devices";
import { FirmwareChoice } from "./FirmwareChoice";
import { History } from "./History";
import { Push } from "./Push";
import { BatteryBadge, StateBadge } from "./StateBadge";
import { type DeviceStatus, useDeviceStatus } from "./status";
import { useUnbind } from "./useUnbind";
import "./devices.css";

/** One device: how it is, who answers there, what it can do, what was said. */
export function DevicePage({ device }: { device: Device }) {
  const { t } = useLanguage();
  const status = useDeviceStatus(device);
  return (
    <Page
      title={device.name}
      back={{ to: "/app/devices", text: t("devices.back") }}
      facts={
        <p className="facts device-state" role="status">
          <StateBadge device={device} />
          <BatteryBadge device={device} status={status} />
        </p>
      }
      actions={
        device.conversation && (
          <Link className="button" to={`/app/c/${device.conversation}`}>
            <MessagesSquare aria-hidden="true" /> {t("devices.follow")}
          </Link>
        )
      }
    >
      <PageTabs
        label={device.name}
        tabs={[
          {
            id: "overview",
            label: t("devices.tab.overview"),
            content: (
              <div className="stack">
                <Push device={device} />
                <DeviceForm device={device} />
                {device.firmware_image !== undefined && <FirmwareChoice device={device} />}
                <About device={device} status={status} />
              </div>
            ),
          },
          {
            id: "tools",
            label: t("devices.tab.tools"),
            content: <DeviceTools device={device} />,
          },
          {
            id: "history",
            label: t("devices.tab.history"),
            content: <History device={device.id} />,
          },
          {
            id: "reminders",
            label: t("reminders.tab"),
            content: <Reminders device={device.id} />,
          },
        ]}
      />
    </Page>
  );
}

/** What its owner decides. */
function DeviceForm({ device }: { device: Device }) {
  const { t } = useLanguage();
  const say = useToast();
  const navigate = useNavigate();
  const unbind = useUnbind();
  const change = useChangeDevice(device.id);
  const [alias, setAlias] = useState(device.alias);
  const [agent, setAgent] = useState(device.agent);
  const [update, setUpdate] = useState(device.auto_update);
  const fields = { alias: alias.trim(), agent, auto_update: update };
  const { auto_update, agent: before } = device;
  const changed =
    fields.alias !== device.alias || agent !== before || fields.auto_update !== auto_update;

  function submit(event: FormEvent) {
    event.preventDefault();
    change.mutate(fields, {
      onSuccess: (saved) => say({ text: t("devices.saved", { name: saved.name }) }),
    });
  }

  return (
    <form className="card stack" onSubmit={submit}>
      <div className="fields">
        <Field label={t("devices.name")}>
          {(control) => (
            <input
              {...control}
              value={alias}
              maxLength={60}
              placeholder={device.board || device.model || device.id}
              onChange={(event) => setAlias(event.target.value)}
            />
          )}
        </Field>
        <AgentField agent={agent} onChange={setAgent} />
      </div>
      <label className="check">
        <input
          type="checkbox"
          checked={update}
          onChange={(event) => setUpdate(event.target.checked)}
        />
        {t("devices.autoUpdate")}
      </label>
      {change.error && <Failure error={change.error} />}
      <div className="dialog-actions">
        <Button
          look="danger"
          icon={<Unlink />}
          className="push-left"
          onClick={() => {
            void navigate("/app/devices");
            unbind(device);
          }}
        >
          {t("devices.unbind")}
        </Button>
        <Button type="submit" look="primary" disabled={!changed || change.isPending}>
          {t("ui.save")}
        </Button>
      </div>
    </form>
  );
}

function About({ device, status }: { device: Device; status: DeviceStatus | null }) {
  const { t, language } = useLanguage();
  const facts: [string, string | null | undefined][] = [
    [t("devices.fact.address"), device.id],
    [t("devices.fact.board"), device.board],
    [t("devices.fact.model"), device.model],
    [t("devices.fact.firmware"), device.firmware],
    [t("devices.fact.transport"), device.transport],
    [t("devices.fact.volume"), status?.volume == null ? null : `${status.volume} %`],
    [t("devices.fact.network"), status?.network],
    [t("devices.fact.bound"), moment(device.bound_at, language)],
    [t("devices.fact.seen"), device.last_seen && ago(device.last_seen, new Date(), language)],
  ];
  return (
    <section className="card stack" aria-labelledby="device-about">
      <h2 id="device-about">{t("devices.facts")}</h2>
      <dl className="about">
        {facts
          .filter(([, value]) => value)
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
    </section>
  );
}
