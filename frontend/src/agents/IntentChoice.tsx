import { useLanguage } from "../i18n/language";
import { KNOWN, useWays } from "../tools/ways";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Page";
import { ModuleOptions } from "./ModuleOptions";

interface Props {
  /** Null for what the settings say. */
  intent: string | null;
  onChange: (intent: string | null) => void;
}

/** What decides about an agent's tools before it answers. */
export function IntentChoice({ intent, onChange }: Props) {
  const { t } = useLanguage();
  const { data, error, refetch } = useWays();
  if (error) return <Failure error={error} onRetry={() => void refetch()} />;
  if (!data) return <Loading />;
  const named = (name: string) => {
    const known = KNOWN[name];
    return known ? t(known) : t("deciding.file", { name });
  };
  return (
    <ModuleOptions
      legend={t("deciding.title")}
      group="intent"
      options={[
        { name: null, label: t("agents.intent.settings"), note: named(data.chosen) },
        ...data.modules.map(({ name, source, error }) => ({
          name,
          label: named(name),
          own: source === "file",
          error,
        })),
      ]}
      chosen={intent}
      gone={t("agents.intent.gone")}
      onChoose={onChange}
    />
  );
}
