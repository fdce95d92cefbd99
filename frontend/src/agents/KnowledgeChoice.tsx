import { Link } from "react-router";
import { useLanguage } from "../i18n/language";
import { useBases } from "../knowledge/knowledge";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Page";

interface Props {
  /** Ids of the bases it may look things up in. */
  knowledge: string[];
  onChange: (knowledge: string[]) => void;
}

/** The knowledge bases of an agent. */
export function KnowledgeChoice({ knowledge, onChange }: Props) {
  const { t } = useLanguage();
  const { data, error, refetch } = useBases();
  if (error) return <Failure error={error} onRetry={() => void refetch()} />;
  if (!data) return <Loading />;
  const gone = knowledge.filter((id) => data.bases.every((base) => base.id !== id));
  const set = (id: string, on: boolean) =>
    onChange(on ? [...knowledge, id] : knowledge.filter((one) => one !== id));
  return (
    <div className="stack">
      <p className="note">{t("agents.knowledge.about")}</p>
      {data.bases.length === 0 && <p>{t("agents.knowledge.none")}</p>}
      <ul className="rows">
        {data.bases.map(({ id, name, description, documents }) => (
          <li key={id}>
            <label className="card option">
              <input
                type="checkbox"
                checked={knowledge.includes(id)}
                onChange={(event) => set(id, event.target.checked)}
              />
              <span>
                {name}
                <span className="note">
                  {" "}
                  {[
                    documents === 1
                      ? t("knowledge.document")
                      : t("knowledge.documents", { count: String(documents) }),
                    description,
                  ]
                    .filter(Boolean)
                    .join(" · ")}
                </span>
              </span>
            </label>
          </li>
        ))}
        {gone.map((id) => (
          <li key={id}>
            <label className="card option">
              <input type="checkbox" checked onChange={() => set(id, false)} />
              <span className="note">{t("agents.knowledge.gone")}</span>
            </label>
          </li>
        ))}
      </ul>
      <p className="note">
        <Link to="/app/knowledge">{t("agents.knowledge.more")}</Link>
      </p>
    </div>
  );
}
