import { AlarmClock, Plus } from "lucide-react";
import { useState } from "react";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { Failure } from "../ui/Failure";
import { Empty, Loading } from "../ui/Page";
import { ReminderDialog } from "./ReminderDialog";
import { ReminderRow } from "./ReminderRow";
import { type Reminder, useReminders } from "./reminders";

/** What is to be said at a time: on one device, or anywhere. */
export function Reminders({ device }: { device: string | null }) {
  const { t } = useLanguage();
  const { data, error, refetch } = useReminders(device);
  const [open, setOpen] = useState<Reminder | "new" | null>(null);
  return (
    <div className="stack">
      <p className="note">{t("reminders.about")}</p>
      <div className="acts">
        <Button icon={<Plus />} onClick={() => setOpen("new")}>
          {t("reminders.new")}
        </Button>
      </div>
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Loading />}
      {data?.reminders.length === 0 && (
        <Empty icon={<AlarmClock aria-hidden="true" />} title={t("reminders.empty")}>
          <p className="empty-about">{t("reminders.emptyAbout")}</p>
        </Empty>
      )}
      <ul className="rows">
        {data?.reminders.map((one) => (
          <ReminderRow key={one.id} reminder={one} onEdit={() => setOpen(one)} />
        ))}
      </ul>
      {open && (
        <ReminderDialog
          reminder={open === "new" ? null : open}
          device={device}
          onClose={() => setOpen(null)}
        />
      )}
    </div>
  );
}
