import { AudioLines, Braces, FileText, Pencil, Text, Trash2 } from "lucide-react";
import { useLanguage } from "../i18n/language";
import { Menu, MenuItem } from "../ui/Menu";
import type { ConversationInfo } from "./api";
import { useConversationActs } from "./useActs";

interface Props {
  one: ConversationInfo;
  /** What the three dots say of themselves. */
  label: string;
  onRename: () => void;
}

/** What can be done with one conversation. */
export function ConversationMenu({ one, label, onRename }: Props) {
  const { t } = useLanguage();
  const { remove, save } = useConversationActs();
  return (
    <Menu label={label}>
      <MenuItem icon={<Pencil />} onSelect={onRename}>
        {t("conversations.rename")}
      </MenuItem>
      <MenuItem icon={<FileText />} onSelect={() => void save(one, "markdown")}>
        {t("conversations.exportMarkdown")}
      </MenuItem>
      <MenuItem icon={<Text />} onSelect={() => void save(one, "txt")}>
        {t("conversations.exportText")}
      </MenuItem>
      <MenuItem icon={<Braces />} onSelect={() => void save(one, "json")}>
        {t("conversations.exportJson")}
      </MenuItem>
      {one.surface === "realtime" && (
        <MenuItem icon={<AudioLines />} onSelect={() => void save(one, "audio")}>
          {t("conversations.exportAudio")}
        </MenuItem>
      )}
      <MenuItem icon={<Trash2 />} danger onSelect={() => void remove([one])}>
        {t("conversations.delete")}
      </MenuItem>
    </Menu>
  );
}
