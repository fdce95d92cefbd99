import { type FormEvent, useEffect, useState } from "react";
import { useDevices } from "../devices/devices";
import { moment } from "../i18n/ago";
import { useLanguage } from "../i18n/language";
import { useProblemText } from "../server/problem";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Failure } from "../ui/Failure";
import { Field } from "../ui/Field";
import {
  type Reminder,
  type ReminderFields,
  type ReminderKind,
  useReadTime,
  useSaveReminder,
} from "./reminders";
import { repeatText } from "./repeat";

const KINDS: ReminderKind[] = ["remind", "speak", "alert", "reboot"];
const PAUSE_MILLISECONDS = 500;

interface Props {
  /** null: a new one. */
  reminder: Reminder | null;
  device: string | null;
  onClose: () => void;
}

/** What is to be said, when as people say it, and where. */
export function ReminderDialog({ reminder, device, onClose }: Props) {
  const { t } = useLanguage();
  const save = useSaveReminder(reminder?.id ?? null);
  const devices = useDevices().data?.devices ?? [];
  const [fields, setFields] = useState<ReminderFields>({
    text: reminder?.text ?? "",
    when: "",
    kind: reminder?.kind ?? "remind",
    device_id: reminder ? reminder.device_id : device,
  });
  const set = (change: Partial<ReminderFields>) => setFields({ ...fields, ...change });
  const { text, when, kind, device_id } = fields;
  const needsDevice = kind !== "remind" && device_id === null;
  const complete =
    (text.trim() !== "" || kind === "reboot") && (when.trim() !== "" || reminder) && !needsDevice;

  function submit(event: FormEvent) {
    event.preventDefault();
    // An empty time leaves the one it has.
    const { when: said, ...others } = fields;
    save.mutate(said.trim() ? fields : others, { onSuccess: onClose });
  }

  return (
    <Dialog open title={t(reminder ? "reminders.change" : "reminders.new")} onClose={onClose}>
      <form className="stack" onSubmit={submit}>
        {!reminder && (
          <Field label={t("reminders.what")}>
            {(control) => (
              <select
                {...control}
                value={kind}
                onChange={(event) => set({ kind: event.target.value as ReminderKind })}
              >
                {KINDS.map((one) => (
                  <option key={one} value={one}>
                    {t(`reminders.kind.${one}`)}
                  </option>
                ))}
              </select>
            )}
          </Field>
        )}
        {kind !== "reboot" && (
          <Field label={t("reminders.text")}>
            {(control) => (
              <input
                {...control}
                maxLength={500}
                placeholder={t("reminders.textHint")}
                value={text}
                onChange={(event) => set({ text: event.target.value })}
              />
            )}
          </Field>
        )}
        <WhenField
          when={when}
          present={reminder?.at ?? null}
          onChange={(said) => set({ when: said })}
        />
        <Field label={t("reminders.where")}>
          {(control) => (
            <select
              {...control}
              value={device_id ?? ""}
              onChange={(event) => set({ device_id: event.target.value || null })}
            >
              <option value="">
                {t(kind === "remind" ? "reminders.anywhere" : "reminders.chooseDevice")}
              </option>
              {devices.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          )}
        </Field>
        {save.error && <Failure error={save.error} />}
        <div className="dialog-actions">
          <Button onClick={onClose}>{t("ui.cancel")}</Button>
          <Button type="submit" look="primary" disabled={!complete || save.isPending}>
            {t("ui.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** A time in words, with what the server understands of it. */
function WhenField(props: {
  when: string;
  present: string | null;
  onChange: (when: string) => void;
}) {
  const { when, present, onChange } = props;
  const { t, language } = useLanguage();
  const [asked, setAsked] = useState("");
  const { data, error } = useReadTime(asked);
  const problem = useProblemText(error);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(when.trim()), PAUSE_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [when]);
  const settled = asked !== "" && asked === when.trim();
  const meant = settled &&
    data && [data.repeat && repeatText(data.repeat, t, language), moment(data.at, language)];
  const before = present && t("reminders.before", { when: moment(present, language) });
  return (
    <Field
      label={t("reminders.when")}
      hint={
        meant
          ? t("reminders.meant", { when: meant.filter(Boolean).join(" · ") })
          : (before ?? t("reminders.whenHint"))
      }
      error={settled && error ? problem : undefined}
    >
      {(control) => (
        <input
          {...control}
          maxLength={200}
          placeholder={t("reminders.whenExample")}
          value={when}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}
