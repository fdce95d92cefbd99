import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { useToast } from "../ui/Toasts";
import { copyText } from "./clipboard";

const SHOWN_MILLISECONDS = 2_000;

/** Copies `text`, and shows for a moment that it did. */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const { t } = useLanguage();
  const say = useToast();
  const [copied, setCopied] = useState(false);

  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [copied]);

  async function copy() {
    const done = await copyText(text);
    setCopied(done);
    if (!done) say({ text: t("chat.copyFailed"), bad: true });
  }

  return (
    <Button
      look="quiet"
      small
      icon={copied ? <Check /> : <Copy />}
      label={copied ? t("chat.copied") : label}
      onClick={() => void copy()}
    />
  );
}
