import type { ComponentProps, FormEvent, ReactNode } from "react";
import { useLanguage } from "../i18n/language";
import { Button } from "./Button";
import { Dialog } from "./Dialog";
import { Failure } from "./Failure";

interface Props extends Omit<ComponentProps<typeof Dialog>, "open"> {
  /** What is asked of the server: why it failed, and whether it is under way. */
  request: { error: unknown; isPending: boolean };
  /** What was filled in can be sent. */
  ready?: boolean;
  /** The words of the button that sends; `Save` where none are given. */
  action?: string;
  onSubmit: () => void;
  children: ReactNode;
}

/** A window with fields to fill in and send; it stays open until the server has taken them. */
export function FormDialog(props: Props) {
  const { request, ready = true, action, onSubmit, children, ...dialog } = props;
  const { t } = useLanguage();

  function submit(event: FormEvent) {
    event.preventDefault();
    if (ready && !request.isPending) onSubmit();
  }

  return (
    <Dialog open {...dialog}>
      <form className="stack" onSubmit={submit}>
        {children}
        {request.error != null && <Failure error={request.error} />}
        <div className="dialog-actions">
          <Button onClick={dialog.onClose}>{t("ui.cancel")}</Button>
          <Button type="submit" look="primary" disabled={!ready || request.isPending}>
            {action ?? t("ui.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
