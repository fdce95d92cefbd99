import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useLanguage } from "../i18n/language";
import { request } from "../server/http";
import { Failure } from "../ui/Failure";
import { FindField } from "../ui/FindField";
import { Loading } from "../ui/Page";

interface Setting {
  name: string;
  variable: string;
  value: string;
  origin: string;
  default: boolean;
  description: string;
}

/** Every setting in force with its origin, as `kaikou settings` prints them. */
export function ServerSettings() {
  const { t, said } = useLanguage();
  const [sought, setSought] = useState("");
  const [changedOnly, setChangedOnly] = useState(false);
  const { data, error, refetch } = useQuery({
    queryKey: ["settings"],
    queryFn: () => request<{ settings: Setting[]; warnings: string[] }>("/api/settings"),
  });
  if (error) return <Failure error={error} onRetry={() => void refetch()} />;
  if (!data) return <Loading />;
  const words = sought.toLowerCase();
  const shown = data.settings.filter(
    (one) =>
      !(changedOnly && one.default) &&
      `${one.name} ${one.variable} ${one.description}`.toLowerCase().includes(words),
  );
  return (
    <>
      <p className="note">{t("settings.serverAbout")}</p>
      {data.warnings.map((warning) => (
        <p key={warning} className="notice warn">
          {warning}
        </p>
      ))}
      <div className="setting-filter">
        <FindField label={t("settings.find")} value={sought} onChange={setSought} />
        <label className="check">
          <input
            type="checkbox"
            checked={changedOnly}
            onChange={(event) => setChangedOnly(event.target.checked)}
          />
          {t("settings.changedOnly")}
        </label>
      </div>
      <p role="status" className="note">
        {t("settings.found", { count: String(shown.length) })}
      </p>
      <dl className="setting-list">
        {shown.map((one) => (
          <div key={one.name} className="setting">
            <dt>
              <code>{one.name}</code>
            </dt>
            <dd>
              <span className={one.default ? "setting-value" : "setting-value changed"}>
                {one.value || "–"}
              </span>
              <span className="note">{one.description}</span>
              <span className="setting-origin">
                {one.default ? one.variable : `${one.variable} · ${said(one.origin)}`}
              </span>
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}
