import { useState } from "react";
import { useNavigate } from "react-router";
import { useLanguage } from "../i18n/language";
import { Field } from "../ui/Field";
import { FormDialog } from "../ui/FormDialog";
import { useToast } from "../ui/Toasts";
import { AgentField } from "./AgentField";
import { useBindDevice } from "./devices";

const DIGITS = 6;

/** The six digits a device shows, and who shall answer there. */
export function BindDialog({ onClose }: { onClose: () => void }) {
  const { t } = useLanguage();
  const say = useToast();
  const navigate = useNavigate();
  const bind = useBindDevice();
  const [code, setCode] = useState("");
  const [alias, setAlias] = useState("");
  const [agent, setAgent] = useState<string | null>(null);
  const digits = code.replace(/\D/g, "");

  function submit() {
    bind.mutate(
      { code: digits, alias: alias.trim(), agent },
      {
        onSuccess: (device) => {
          onClose();
          say({ text: t("devices.bound", { name: device.name }) });
          void navigate(`/app/devices/${device.id}`);
        },
      },
    );
  }

  return (
    <FormDialog
      title={t("devices.bind")}
      about={t("devices.bindAbout")}
      onClose={onClose}
      request={bind}
      ready={digits.length === DIGITS}
      action={t("devices.bindAction")}
      onSubmit={submit}
    >
      <Field label={t("devices.code")} hint={t("devices.codeHint")}>
        {(control) => (
          <input
            {...control}
            className="input binding-code"
            inputMode="numeric"
            autoComplete="one-time-code"
            required
            maxLength={DIGITS + 3}
            value={code}
            onChange={(event) => setCode(event.target.value.replace(/[^\d\s-]/g, ""))}
          />
        )}
      </Field>
      <Field label={t("devices.name")} hint={t("devices.nameHint")}>
        {(control) => (
          <input
            {...control}
            maxLength={60}
            value={alias}
            onChange={(event) => setAlias(event.target.value)}
          />
        )}
      </Field>
      <AgentField agent={agent} onChange={setAgent} />
    </FormDialog>
  );
}
