import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import type { Problem } from "./problem";

interface Props {
  problem: Problem | null;
  onDismiss: () => void;
}

/** What went wrong and what to do, read out at once. */
export function ProblemBanner({ problem, onDismiss }: Props) {
  const { t } = useLanguage();
  return (
    <div role="alert">
      {problem && (
        <div className="problem">
          <p>
            {t(problem.key)}
            {problem.detail && <span className="detail"> {problem.detail}</span>}
          </p>
          <Button look="quiet" small onClick={onDismiss}>
            {t("problem.dismiss")}
          </Button>
        </div>
      )}
    </div>
  );
}
