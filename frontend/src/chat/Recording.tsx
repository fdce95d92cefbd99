import { Pause, Play } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";

/** Plays what the user said, fetched when first asked for. */
export function Recording({ address, seconds }: { address: string; seconds: number }) {
  const { t } = useLanguage();
  const sound = useRef<HTMLAudioElement | null>(null);
  const [playing, setPlaying] = useState(false);

  useEffect(() => () => sound.current?.pause(), []);

  function toggle() {
    if (playing) {
      sound.current?.pause();
      return;
    }
    sound.current ??= listened(new Audio(address), setPlaying);
    sound.current.play().catch(() => setPlaying(false));
  }

  return (
    <Button
      look="quiet"
      small
      className="recording"
      icon={playing ? <Pause /> : <Play />}
      label={t("chat.recording", { seconds: seconds.toFixed(1) })}
      aria-pressed={playing}
      onClick={toggle}
    >
      <span aria-hidden="true">{seconds.toFixed(1)} s</span>
    </Button>
  );
}

function listened(audio: HTMLAudioElement, onPlaying: (playing: boolean) => void) {
  audio.onplay = () => onPlaying(true);
  audio.onpause = () => onPlaying(false);
  audio.onended = () => onPlaying(false);
  return audio;
}
