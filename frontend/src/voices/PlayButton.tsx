import { Play, Square } from "lucide-react";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import type { PreviewPlayer, Sample } from "./previewPlayer";

interface Props {
  player: PreviewPlayer;
  state: PreviewPlayer["state"];
  /** Tells this sample apart from the others of the page. */
  id: string;
  name: string;
  sample: Sample;
  disabled?: boolean;
}

export function PlayButton({ player, state, id, name, sample, disabled = false }: Props) {
  const { t } = useLanguage();
  const mine = state.key === id;
  const making = mine && state.phase === "making";
  return (
    <Button
      look="quiet"
      disabled={disabled}
      aria-busy={making}
      label={t(mine ? "voices.stop" : "voices.play", { name })}
      icon={making ? <span className="spinner" aria-hidden="true" /> : mine ? <Square /> : <Play />}
      onClick={() => void player.toggle(id, sample)}
    />
  );
}
