import { Mic, Square } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { MicrophoneError } from "../audio/microphone";
import { Recorder } from "../audio/recorder";
import { preferences } from "../call/preferences";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";

interface Props {
  disabled: boolean;
  onRecorded: (file: File) => void;
}

/** Records while it is pressed in; the microphone is closed with the button too. */
export function RecordButton({ disabled, onRecorded }: Props) {
  const { t } = useLanguage();
  const [recording, setRecording] = useState(false);
  const [problem, setProblem] = useState("");
  const recorder = useRef<Recorder | null>(null);
  const gone = useRef(false);
  /** The browser is asking: a second press must not open the microphone twice. */
  const asking = useRef(false);

  useEffect(() => {
    gone.current = false;
    return () => {
      gone.current = true;
      void recorder.current?.stop();
    };
  }, []);

  async function start() {
    if (asking.current) return;
    asking.current = true;
    setProblem("");
    try {
      const begun = await Recorder.start(preferences());
      // The window was closed while the browser asked.
      if (gone.current) return void begun.stop();
      recorder.current = begun;
      setRecording(true);
    } catch (error) {
      setProblem(
        t(error instanceof MicrophoneError ? `problem.${error.problem}` : "problem.audio"),
      );
    } finally {
      asking.current = false;
    }
  }

  async function stop() {
    const file = await recorder.current?.stop();
    recorder.current = null;
    setRecording(false);
    if (file) onRecorded(file);
  }

  return (
    <div className="stack record">
      <Button
        look={recording ? "danger" : "primary"}
        icon={recording ? <Square /> : <Mic />}
        disabled={disabled}
        onClick={() => void (recording ? stop() : start())}
      >
        {t(recording ? "speakers.stop" : "speakers.record")}
      </Button>
      <p className="field-error" role="alert">
        {problem}
      </p>
    </div>
  );
}
