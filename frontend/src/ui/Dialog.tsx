import { Dialog as Radix } from "radix-ui";
import { type ReactNode, useState } from "react";
import { useLanguage } from "../i18n/language";
import { Button } from "./Button";
import { giveBack, opener } from "./opener";

interface Props {
  open: boolean;
  onClose: () => void;
  title: string;
  /** A sentence under the title. */
  about?: string;
  wide?: boolean;
  children?: ReactNode;
}

/** A window over the page: keeps the focus and gives it back, closes with Escape or a click beside it. */
export function Dialog({ open, ...rest }: Props) {
  return open && <OpenDialog {...rest} />;
}

function OpenDialog({ onClose, title, about, wide, children }: Omit<Props, "open">) {
  // Asked while it is drawn first: the menu it may have been opened from is still there.
  const [openedBy] = useState(opener);
  return (
    <Radix.Root open onOpenChange={(now) => !now && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="veil" />
        <Radix.Content
          className={wide ? "dialog wide" : "dialog"}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            giveBack(openedBy);
          }}
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
