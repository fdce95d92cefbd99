import type { ReactNode } from "react";
import { usePageTitle } from "../app/title";
import { useLanguage } from "../i18n/language";

interface Props {
  title: string;
  about?: string;
  actions?: ReactNode;
  children: ReactNode;
}

/** One page beside the sidebar: title, a sentence, what can be done, the content. */
export function Page({ title, about, actions, children }: Props) {
  usePageTitle(title);
  return (
    <main id="content" className="page" tabIndex={-1}>
      <header className="page-head">
        <div>
          <h1>{title}</h1>
          {about && <p>{about}</p>}
        </div>
        {actions && <div className="page-actions">{actions}</div>}
      </header>
      {children}
    </main>
  );
}

/** Nothing here yet: what would be, and how to begin. */
export function Empty(props: { icon?: ReactNode; title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      {props.icon}
      <h2>{props.title}</h2>
      {props.children}
    </div>
  );
}

export function Loading() {
  const { t } = useLanguage();
  return (
    <div className="loading" role="status">
      <span className="spinner" aria-hidden="true" />
      <span className="for-readers">{t("ui.loading")}</span>
    </div>
  );
}
