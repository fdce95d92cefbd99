import { Square, Volume2 } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useLanguage } from "../i18n/language";
import { request } from "../server/http";
import { Button } from "../ui/Button";
import { useFailed } from "../ui/useFailed";
import { spokenParts } from "./aloud";

interface Voices {
  default: Record<string, string>;
}

interface AgentVoice {
  resolved: { voice: { id: string } | null } | null;
}

/** Speaks a written answer with its agent's voice; a second press ends it. */
export function ReadAloud({ text, agentId }: { text: string; agentId: string }) {
  const { t } = useLanguage();
  const failed = useFailed();
  const [reading, setReading] = useState(false);
  const stop = useRef<AbortController | null>(null);

  useEffect(() => () => stop.current?.abort(), []);

  async function read() {
    const ending = new AbortController();
    stop.current = ending;
    setReading(true);
    try {
      const voice = await voiceOf(agentId, text);
      await speak(spokenParts(text), voice, ending.signal);
    } catch (error) {
      if (!ending.signal.aborted) failed(error);
    } finally {
      setReading(false);
    }
  }

  return (
    <Button
      look="quiet"
      small
      icon={reading ? <Square /> : <Volume2 />}
      label={t(reading ? "chat.readStop" : "chat.read")}
      onClick={() => (reading ? stop.current?.abort() : void read())}
    />
  );
}

/** The agent's voice, else the one the server has for the text's language. */
async function voiceOf(agentId: string, text: string): Promise<string> {
  const { resolved } = await request<AgentVoice>(`/api/agents/${agentId}`);
  if (resolved?.voice) return resolved.voice.id;
  const voices = await request<Voices>("/api/voices");
  return voices.default[/\p{Script=Han}/u.test(text) ? "zh" : "en"] ?? "";
}

/** Plays the parts in a row; while one is heard the next is being made. */
async function speak(parts: string[], voice: string, signal: AbortSignal): Promise<void> {
  const fetched = (part: string) => {
    const query = new URLSearchParams({ text: part });
    return fetch(`/api/voices/${encodeURIComponent(voice)}/preview?${query}`, { signal });
  };
  let next = parts[0] === undefined ? null : fetched(parts[0]);
  for (let at = 0; next !== null; at += 1) {
    const response = await next;
    const following = parts[at + 1];
    next = following === undefined ? null : fetched(following);
    // Awaited only after this part was heard; until then nobody looks after its failure.
    next?.catch(() => undefined);
    if (!response.ok) throw new Error(String(response.status));
    await played(await response.blob(), signal);
  }
}

async function played(sound: Blob, signal: AbortSignal): Promise<void> {
  const address = URL.createObjectURL(sound);
  const audio = new Audio(address);
  try {
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      audio.onended = () => resolve();
      audio.onerror = () => reject(audio.error);
      audio.play().catch(reject);
    });
  } finally {
    audio.pause();
    URL.revokeObjectURL(address);
  }
}
