import { Dialog as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { useLanguage } from "../i18n/language";
import { Button } from "./Button";

interface Props {
  open: boolean;
  onClose: () => void;
  title: string;
  /** A sentence under the title. */
  about?: string;
  wide?: boolean;
  children?: ReactNode;
}

/** A window over the page: keeps the focus, closes with Escape or a click beside it. */
export function Dialog({ open, onClose, title, about, wide, children }: Props) {
  return (
    <Radix.Root open={open} onOpenChange={(now) => !now && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="veil" />
        <Radix.Content
          className={wide ? "dialog wide" : "dialog"}
          {...(about ? {} : { "aria-describedby": undefined })}
        >
          <div>
            <Radix.Title>{title}</Radix.Title>
            {about && <Radix.Description className="note">{about}</Radix.Description>}
          </div>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

interface ConfirmProps {
  open: boolean;
  title: string;
  about: string;
  /** The words of the button that does it. */
  action: string;
  danger?: boolean;
  onConfirm: () => void;
  onClose: () => void;
}

/** Asks before what cannot be undone. Prefer doing it and offering Undo. */
export function Confirm({ open, title, about, action, danger, onConfirm, onClose }: ConfirmProps) {
  const { t } = useLanguage();
  return (
    <Dialog open={open} onClose={onClose} title={title} about={about}>
      <div className="dialog-actions">
        <Button onClick={onClose}>{t("ui.cancel")}</Button>
        <Button
          look={danger ? "danger" : "primary"}
          onClick={() => {
            onConfirm();
            onClose();
          }}
        >
          {action}
        </Button>
      </div>
    </Dialog>
  );
}
