import { BellRing, Power, Volume2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { Confirm } from "../ui/Dialog";
import { Failure } from "../ui/Failure";
import { Field } from "../ui/Field";
import { useToast } from "../ui/Toasts";
import { type Device, push } from "./devices";

const LONGEST = { speak: 1_000, alert: 500 };

/** Words for a device that is connected: spoken, or shown; and a new start. */
export function Push({ device }: { device: Device }) {
  const { t } = useLanguage();
  const say = useToast();
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const [asking, setAsking] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const words = text.trim();

  async function tell(what: "speak" | "alert" | "reboot", body?: unknown) {
    setBusy(true);
    setError(null);
    try {
      await push(device.id, what, body);
      say({ text: t(`devices.pushed.${what}`, { name: device.name }) });
      if (what !== "reboot") setText("");
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    if (words !== "") void tell("speak", { text: words });
  }

  return (
    <form className="card stack" onSubmit={submit}>
      <Field label={t("devices.push")} hint={device.online ? undefined : t("devices.pushOffline")}>
        {(control) => (
          <textarea
            {...control}
            rows={2}
            value={text}
            disabled={!device.online}
            maxLength={LONGEST.speak}
            placeholder={t("devices.pushHint")}
            onChange={(event) => setText(event.target.value)}
          />
        )}
      </Field>
      {error !== null && <Failure error={error} />}
      <div className="acts">
        <Button
          type="submit"
          look="primary"
          icon={<Volume2 />}
          disabled={!device.online || busy || words === ""}
        >
          {t("devices.speak")}
        </Button>
        <Button
          icon={<BellRing />}
          disabled={!device.online || busy || words === "" || words.length > LONGEST.alert}
          onClick={() => void tell("alert", { message: words, status: "Kaikou" })}
        >
          {t("devices.alert")}
        </Button>
        <Button
          look="quiet"
          icon={<Power />}
          disabled={!device.online || busy}
          onClick={() => setAsking(true)}
        >
          {t("devices.reboot")}
        </Button>
      </div>
      <Confirm
        open={asking}
        title={t("devices.rebootTitle", { name: device.name })}
        about={t("devices.rebootAbout")}
        action={t("devices.reboot")}
        onConfirm={() => void tell("reboot")}
        onClose={() => setAsking(false)}
      />
    </form>
  );
}
