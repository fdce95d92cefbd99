import { BookOpen, Pencil, Trash2 } from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";
import { useLanguage } from "../i18n/language";
import { Menu, MenuItem } from "../ui/Menu";
import { BaseDialog } from "./BaseDialog";
import type { Base } from "./knowledge";
import { useThrowBase } from "./useThrow";
import { useUsers } from "./useUsers";

/** One knowledge base: what is in it, and who uses it. */
export function BaseCard({ base }: { base: Base }) {
  const { t } = useLanguage();
  const users = useUsers(base.id);
  const throwAway = useThrowBase();
  const [editing, setEditing] = useState(false);
  return (
    <li className="card base-card">
      <span className="sign">
        <BookOpen aria-hidden="true" />
      </span>
      <div className="base-text">
        <h2>
          <Link to={`/app/knowledge/${base.id}`}>{base.name}</Link>
        </h2>
        {base.description && <p className="note">{base.description}</p>}
        <p className="facts">
          <span className="badge">
            {base.documents === 1
              ? t("knowledge.document")
              : t("knowledge.documents", { count: String(base.documents) })}
          </span>
          {users.length > 0 ? (
            <span className="badge good">{t("knowledge.users", { names: users.join(", ") })}</span>
          ) : (
            <span className="badge warn">{t("knowledge.nobody")}</span>
          )}
        </p>
      </div>
      <Menu label={t("knowledge.menu", { name: base.name })}>
        <MenuItem icon={<Pencil />} onSelect={() => setEditing(true)}>
          {t("knowledge.rename")}
        </MenuItem>
        <MenuItem icon={<Trash2 />} danger onSelect={() => throwAway(base)}>
          {t("ui.delete")}
        </MenuItem>
      </Menu>
      {editing && <BaseDialog base={base} onClose={() => setEditing(false)} />}
    </li>
  );
}
