import { useLanguage } from "../i18n/language";
import { useProblemText } from "../server/problem";
import { Button } from "./Button";

/** What went wrong and what to do, with a button to try again where that may help. */
export function Failure({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useLanguage();
  const text = useProblemText(error);
  return (
    <div className="notice bad" role="alert">
      <p>{text}</p>
      {onRetry && (
        <Button small onClick={onRetry}>
          {t("ui.retry")}
        </Button>
      )}
    </div>
  );
}
