import { Pencil, Trash2 } from "lucide-react";
import { ago, moment } from "../i18n/ago";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { useUndoable } from "../ui/useUndoable";
import { type Reminder, useCancelReminder, useRestoreReminder } from "./reminders";
import { repeatText } from "./repeat";

const LOOKS: Record<Reminder["state"], string> = {
  waiting: "",
  due: "warn",
  done: "good",
  missed: "bad",
  cancelled: "",
};

/** One reminder: what, when, where, and how it went. */
export function ReminderRow({ reminder, onEdit }: { reminder: Reminder; onEdit: () => void }) {
  const { t, language } = useLanguage();
  const undoable = useUndoable();
  const cancel = useCancelReminder();
  const restore = useRestoreReminder();
  const { id, kind, at, repeat, state, last } = reminder;
  const name = reminder.text || t(`reminders.kind.${kind}`);
  const now = new Date();
  const when = at && `${moment(at, language)} (${ago(at, now, language)})`;

  const drop = () =>
    undoable(cancel.mutateAsync(id), t("reminders.cancelled", { name }), () =>
      restore.mutateAsync(id),
    );

  return (
    <li className="card tool-row">
      <div className="stack reminder">
        <h2>{name}</h2>
        <p className="note">
          {[
            when,
            repeat && repeatText(repeat, t, language),
            reminder.device_name,
            kind === "remind" ? "" : t(`reminders.kind.${kind}`),
          ]
            .filter(Boolean)
            .join(" · ")}
        </p>
        <p className="facts">
          {state !== "waiting" && (
            <span className={`badge ${LOOKS[state]}`}>{t(`reminders.state.${state}`)}</span>
          )}
          {last && (
            <span className="note">
              {t(`reminders.last.${last.outcome}`, { when: ago(last.at, now, language) })}
              {last.note && ` ${last.note}`}
            </span>
          )}
        </p>
      </div>
      <div className="row-acts">
        <Button
          look="quiet"
          small
          icon={<Pencil />}
          label={t("reminders.edit", { name })}
          onClick={onEdit}
        />
        <Button
          look="quiet"
          small
          icon={<Trash2 />}
          label={t("reminders.cancel", { name })}
          onClick={drop}
        />
      </div>
    </li>
  );
}
