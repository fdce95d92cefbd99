import { Link } from "react-router";
import { useLanguage } from "../i18n/language";
import { KNOWN, useWays } from "./ways";

/** What decides about tools before a reply, where an agent has no way of its own; and how the operator's own files for it do. */
export function Deciding() {
  const { t, said } = useLanguage();
  const { data } = useWays();
  if (!data) return null;
  const { chosen, modules, folder, trouble } = data;
  const known = KNOWN[chosen];
  const files = modules.filter(({ source }) => source === "file");
  const missing = !known && files.every(({ name }) => name !== chosen);
  return (
    <section className="stack" aria-labelledby="deciding">
      <div>
        <h2 id="deciding">{t("deciding.title")}</h2>
        <p className="note">
          {known ? t(known) : t("deciding.file", { name: chosen })}{" "}
          <Link to="/app/settings?tab=server">{t("tools.allSettings")}</Link>
        </p>
      </div>
      {missing && (
        <p className="notice bad" role="alert">
          {t("deciding.missing", { name: chosen, folder })}
        </p>
      )}
      {trouble && (
        <p className="notice bad" role="alert">
          {said(trouble)}
        </p>
      )}
      {files.length > 0 && (
        <ul className="rows">
          {files.map(({ name, error }) => (
            <li key={name} className="card">
              <h3>{name}</h3>
              <p className="facts">
                <span className={`badge ${error ? "bad" : name === chosen ? "good" : ""}`}>
                  {t(
                    error
                      ? "tools.state.failed"
                      : name === chosen
                        ? "deciding.used"
                        : "deciding.unused",
                  )}
                </span>
              </p>
              {error && <p className="field-error source-error">{said(error)}</p>}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
