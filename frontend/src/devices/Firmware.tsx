import { HardDriveDownload, Trash2 } from "lucide-react";
import { type FormEvent, useRef, useState } from "react";
import { useLanguage } from "../i18n/language";
import { fileSize, megabytes } from "../settings/sizes";
import { Button } from "../ui/Button";
import { Confirm } from "../ui/Dialog";
import { Failure } from "../ui/Failure";
import { Field } from "../ui/Field";
import { FileField } from "../ui/FileField";
import { Empty, Loading } from "../ui/Page";
import { useToast } from "../ui/Toasts";
import { useFailed } from "../ui/useFailed";
import type { Device } from "./devices";
import {
  type FirmwareImage,
  useAddFirmware,
  useDeleteFirmware,
  useFirmware,
  versionIn,
} from "./firmware";

/** Images that devices load at their next start, and who would. */
export function Firmware({ devices }: { devices: Device[] }) {
  const { t } = useLanguage();
  const { data, error, refetch } = useFirmware();
  return (
    <div className="stack">
      <p className="note">{t("firmware.about")}</p>
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Loading />}
      {data && <AddFirmware devices={devices} most={data.max_bytes} />}
      {data?.firmware.length === 0 && (
        <Empty icon={<HardDriveDownload aria-hidden="true" />} title={t("firmware.empty")} />
      )}
      <ul className="rows">
        {data?.firmware.map((image) => (
          <Image key={image.name} image={image} devices={devices} />
        ))}
      </ul>
    </div>
  );
}

function Image({ image, devices }: { image: FirmwareImage; devices: Device[] }) {
  const { t } = useLanguage();
  const say = useToast();
  const failed = useFailed();
  const remove = useDeleteFirmware();
  const [asking, setAsking] = useState(false);
  const meant = devices.filter(({ model }) => model === image.model);
  const old = meant.filter((one) => one.auto_update && one.firmware !== image.version);
  return (
    <li className="card tool-row">
      <div>
        <h2>
          {image.model} {image.version}
        </h2>
        <p className="note">
          {fileSize(image.size)} ·{" "}
          {meant.length === 0
            ? t("firmware.nobody")
            : old.length === 0
              ? t("firmware.current")
              : t("firmware.waiting", { names: old.map(({ name }) => name).join(", ") })}
        </p>
      </div>
      <Button
        look="quiet"
        small
        icon={<Trash2 />}
        label={t("firmware.delete", { name: image.name })}
        onClick={() => setAsking(true)}
      />
      <Confirm
        open={asking}
        danger
        title={t("firmware.deleteTitle", { name: image.name })}
        about={t("firmware.deleteAbout")}
        action={t("ui.delete")}
        onConfirm={() =>
          remove.mutate(image.name, {
            onError: failed,
            onSuccess: () => say({ text: t("firmware.deleted", { name: image.name }) }),
          })
        }
        onClose={() => setAsking(false)}
      />
    </li>
  );
}

function AddFirmware({ devices, most }: { devices: Device[]; most: number }) {
  const { t } = useLanguage();
  const say = useToast();
  const [share, setShare] = useState(0);
  const stop = useRef(new AbortController());
  const add = useAddFirmware(setShare);
  const [model, setModel] = useState("");
  const [version, setVersion] = useState("");
  const [file, setFile] = useState<File | null>(null);
  const [added, setAdded] = useState(0);
  const models = [...new Set(devices.map((one) => one.model).filter(Boolean))];
  const large = file !== null && file.size > most;

  function submit(event: FormEvent) {
    event.preventDefault();
    if (!file || large) return;
    setShare(0);
    stop.current = new AbortController();
    const { signal } = stop.current;
    add.mutate(
      { model: model.trim(), version: version.trim(), file, signal },
      {
        onSuccess: (image) => {
          say({ text: t("firmware.added", { name: `${image.model} ${image.version}` }) });
          setAdded(added + 1);
          setFile(null);
          setVersion("");
        },
      },
    );
  }

  return (
    <form className="card stack" onSubmit={submit}>
      <h2>{t("firmware.add")}</h2>
      <div className="fields">
        <FileField
          // Empty again after each image.
          key={added}
          label={t("firmware.file")}
          hint={t("firmware.fileHint", { size: megabytes(most) })}
          error={large ? t("firmware.tooLarge", { size: megabytes(most) }) : undefined}
          accept=".bin,application/octet-stream"
          onChoose={(chosen) => {
            setFile(chosen);
            if (chosen && version === "") setVersion(versionIn(chosen.name));
          }}
        />
        <Field label={t("firmware.model")} hint={t("firmware.modelHint")}>
          {(control) => (
            <>
              <input
                {...control}
                list="device-models"
                required
                value={model}
                onChange={(event) => setModel(event.target.value)}
              />
              <datalist id="device-models">
                {models.map((one) => (
                  <option key={one} value={one} />
                ))}
              </datalist>
            </>
          )}
        </Field>
        <Field label={t("firmware.version")} hint={t("firmware.versionHint")}>
          {(control) => (
            <input
              {...control}
              required
              pattern="[0-9]+([.][0-9]+)*"
              value={version}
              onChange={(event) => setVersion(event.target.value)}
            />
          )}
        </Field>
      </div>
      {add.isPending && <progress aria-label={t("firmware.add")} max={1} value={share} />}
      {add.error && add.error.code !== "cancelled" && <Failure error={add.error} />}
      <div className="dialog-actions">
        {add.isPending && <Button onClick={() => stop.current.abort()}>{t("ui.cancel")}</Button>}
        <Button type="submit" look="primary" disabled={!file || large || add.isPending}>
          {t("firmware.upload")}
        </Button>
      </div>
    </form>
  );
}
