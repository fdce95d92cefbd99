import { useCallback, useEffect, useRef, useState } from "react";
import { Microphone, MicrophoneError, type MicrophoneProblem } from "../audio/microphone";
import type { Preferences } from "./preferences";

/** The microphone, opened for nothing but its meter; closed with `stop` and when the page leaves it. */
export function useMicrophoneTest(wishes: Preferences) {
  const [running, setRunning] = useState(false);
  const [problem, setProblem] = useState<MicrophoneProblem | "audio" | null>(null);
  const level = useRef(0);
  const { microphone, echoCancellation, noiseSuppression, autoGainControl } = wishes;

  useEffect(() => {
    if (!running) return;
    const context = new AudioContext();
    let stopped = false;
    let opened: Microphone | null = null;
    const chosen = { microphone, echoCancellation, noiseSuppression, autoGainControl };
    const onFrame = (frame: { level: number }) => {
      level.current = frame.level;
    };
    Microphone.open(context, chosen, onFrame, () => setRunning(false)).then(
      (found) => {
        if (stopped) found.close();
        else opened = found;
      },
      (error: unknown) => {
        if (stopped) return;
        setProblem(error instanceof MicrophoneError ? error.problem : "audio");
        setRunning(false);
      },
    );
    return () => {
      stopped = true;
      opened?.close();
      level.current = 0;
      void context.close();
    };
  }, [running, microphone, echoCancellation, noiseSuppression, autoGainControl]);

  const read = useCallback(() => level.current, []);
  const start = useCallback(() => {
    setProblem(null);
    setRunning(true);
  }, []);
  const stop = useCallback(() => setRunning(false), []);
  return { running, problem, read, start, stop };
}
