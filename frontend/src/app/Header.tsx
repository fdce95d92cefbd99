import { useLanguage } from "../i18n/language";
import { Logo } from "./Logo";

export function Header() {
  const { t, language, setLanguage } = useLanguage();
  const other = language === "en" ? "zh" : "en";
  return (
    <header className="header">
      <div className="brand">
        <Logo />
        <span className="brand-name">
          Kaikou <span lang="zh-CN">开口</span>
        </span>
        <span className="tagline">{t("app.tagline")}</span>
      </div>
      <button
        type="button"
        className="quiet"
        lang={other === "zh" ? "zh-CN" : "en"}
        aria-label={t("app.languageLabel")}
        onClick={() => setLanguage(other)}
      >
        {t("app.language")}
      </button>
    </header>
  );
}
