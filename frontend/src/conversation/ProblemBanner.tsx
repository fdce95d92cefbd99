import { CircleAlert, X } from "lucide-react";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import type { Problem } from "./problem";

interface Props {
  problem: Problem | null;
  onDismiss: () => void;
  /** Start the call again, where that may help. */
  onRetry?: (() => void) | undefined;
}

/** Problems a second call may get past. */
const WORTH_ANOTHER = new Set([
  "problem.denied",
  "problem.missing",
  "problem.busy",
  "problem.lost",
  "problem.session_limit_reached",
  "problem.dropped",
  "problem.taken_over",
]);

/** What went wrong and what to do, read out at once. */
export function ProblemBanner({ problem, onDismiss, onRetry }: Props) {
  const { t, said } = useLanguage();
  return (
    <div role="alert">
      {problem && (
        <div className="notice bad problem">
          <CircleAlert aria-hidden="true" />
          <p>
            {t(problem.key)}
            {problem.detail && problem.key === "problem.failed" && (
              <span className="detail"> {said(problem.detail)}</span>
            )}
          </p>
          {onRetry && !problem.written && WORTH_ANOTHER.has(problem.key) && (
            <Button small onClick={onRetry}>
              {t("problem.retry")}
            </Button>
          )}
          <Button
            look="quiet"
            small
            icon={<X />}
            label={t("problem.dismiss")}
            onClick={onDismiss}
          />
        </div>
      )}
    </div>
  );
}
