import { ArrowLeft } from "lucide-react";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { usePageTitle } from "../app/title";
import { useLanguage } from "../i18n/language";

interface Props {
  title: string;
  about?: ReactNode;
  /** The page that this one lies in. */
  back?: { to: string; text: string };
  /** In a few signs how it is. */
  facts?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

/** One page beside the sidebar: title, a sentence, what can be done, the content. */
export function Page({ title, about, back, facts, actions, children }: Props) {
  usePageTitle(title);
  return (
    <main id="content" className="page" tabIndex={-1}>
      <header className="page-head">
        <div className="page-title">
          {back && (
            <Link className="page-back" to={back.to}>
              <ArrowLeft aria-hidden="true" /> {back.text}
            </Link>
          )}
          <h1>{title}</h1>
          {about && <p>{about}</p>}
          {facts}
        </div>
        {actions && <div className="page-actions">{actions}</div>}
      </header>
      {children}
    </main>
  );
}

/** Nothing here yet: what would be, and how to begin. */
export function Empty(props: {
  icon?: ReactNode;
  title: string;
  /** It is all there is: its title is the page's. */
  alone?: boolean;
  children?: ReactNode;
}) {
  const Title = props.alone ? "h1" : "h2";
  return (
    <div className="empty">
      {props.icon}
      <Title>{props.title}</Title>
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
