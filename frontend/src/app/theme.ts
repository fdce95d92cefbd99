import { useEffect, useState } from "react";

export type Theme = "system" | "light" | "dark";

const REMEMBERED = "kaikou.theme";

function remembered(): Theme {
  const kept = localStorage.getItem(REMEMBERED);
  return kept === "light" || kept === "dark" ? kept : "system";
}

/** Light, dark or as the system is; kept for the next visit. */
export function useTheme(): [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState(remembered);
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
    localStorage.setItem(REMEMBERED, theme);
  }, [theme]);
  return [theme, setTheme];
}
