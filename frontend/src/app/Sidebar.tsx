import {
  AudioLines,
  BookOpen,
  Brain,
  Gauge,
  Languages,
  Radio,
  Settings,
  SquarePen,
  SunMoon,
  Users,
  Wrench,
} from "lucide-react";
import type { ReactNode } from "react";
import { Link, NavLink } from "react-router";
import { useNewConversation } from "../conversation/ConversationProvider";
import { RecentConversations } from "../conversations/RecentConversations";
import { useLanguage } from "../i18n/language";
import type { TextKey } from "../i18n/texts";
import { Button } from "../ui/Button";
import { Menu, MenuChoices } from "../ui/Menu";
import { Logo } from "./Logo";
import { Shortcuts } from "./Shortcuts";
import { type Theme, useTheme } from "./theme";

interface Place {
  to: string;
  text: TextKey;
  sign: ReactNode;
}

/** Who one talks with, what they know and can, where they are; then the house itself. */
const PLACES: Place[][] = [
  [
    { to: "/app/agents", text: "agents.title", sign: <Users /> },
    { to: "/app/voices", text: "voices.title", sign: <AudioLines /> },
    { to: "/app/devices", text: "devices.title", sign: <Radio /> },
  ],
  [
    { to: "/app/knowledge", text: "knowledge.title", sign: <BookOpen /> },
    { to: "/app/memory", text: "memory.title", sign: <Brain /> },
    { to: "/app/tools", text: "tools.title", sign: <Wrench /> },
  ],
  [
    { to: "/app/performance", text: "latency.title", sign: <Gauge /> },
    { to: "/app/settings", text: "settings.title", sign: <Settings /> },
  ],
];

/** The way to everything. `onLeave` closes the drawer it may lie in. */
export function Sidebar({ onLeave }: { onLeave?: () => void }) {
  const { t } = useLanguage();
  const fresh = useNewConversation();
  return (
    <div className="sidebar">
      <Link to="/" className="brand" onClick={onLeave}>
        <Logo />
        <span>
          Kaikou <span lang="zh-CN">开口</span>
        </span>
      </Link>
      <Button
        icon={<SquarePen />}
        onClick={() => {
          fresh();
          onLeave?.();
        }}
      >
        {t("conversations.new")}
      </Button>
      <nav aria-label={t("app.nav")}>
        {PLACES.map((group) => (
          <div key={group[0]?.to} className="places">
            {group.map(({ to, text, sign }) => (
              <NavLink key={to} to={to} className="place" onClick={onLeave}>
                {sign}
                {t(text)}
              </NavLink>
            ))}
          </div>
        ))}
      </nav>
      <RecentConversations onLeave={onLeave} />
      <Manners />
    </div>
  );
}

/** Language and light. */
function Manners() {
  const { t, language, setLanguage } = useLanguage();
  const [theme, setTheme] = useTheme();
  const other = language === "en" ? "zh" : "en";
  return (
    <div className="manners">
      <Button
        look="quiet"
        small
        lang={other === "zh" ? "zh-CN" : "en"}
        label={t("app.languageLabel")}
        icon={<Languages />}
        onClick={() => setLanguage(other)}
      >
        {t("app.language")}
      </Button>
      <Shortcuts />
      <Menu trigger={<Button look="quiet" small icon={<SunMoon />} label={t("app.theme")} />}>
        <MenuChoices
          chosen={theme}
          choices={{
            system: t("app.theme.system"),
            light: t("app.theme.light"),
            dark: t("app.theme.dark"),
          }}
          onChoose={(one) => setTheme(one as Theme)}
        />
      </Menu>
    </div>
  );
}
