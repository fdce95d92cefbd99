import { useEffect, useRef } from "react";
import type { Line } from "../conversation/conversation";
import { type CallState, isInCall } from "../conversation/store";
import { useLanguage } from "../i18n/language";
import type { TextKey } from "../i18n/texts";
import { lit, rowBefore } from "./words";

/**
 * What is being said now, with the words lighting up as they are heard. No live region: the ears of
 * a blind user are busy with the same words; the whole transcript is there to be read.
 */
export function LiveCaptions({ state, agent }: { state: CallState; agent: string }) {
  const { t } = useLanguage();
  const line = state.conversation.lines.at(-1);
  if (state.pressing) return <p className="live-captions note">{t("captions.pressing")}</p>;
  if (!line) {
    const hint = hintFor(state);
    // A key is named only where there may be a keyboard.
    const names =
      hint === "captions.hintPush" ? "live-captions note of-keys" : "live-captions note";
    return <p className={names}>{t(hint)}</p>;
  }
  const mine = line.role === "user";
  return (
    <div className={`live-captions ${line.role} ${line.state}`}>
      <p className="live-speaker">
        {mine ? t("captions.you") : agent}
        {line.emoji && <span aria-hidden="true"> {line.emoji}</span>}
        {line.state === "cut" && <span> · {t("captions.cut")}</span>}
      </p>
      {mine ? <p className="live-words">{line.text}</p> : <Words line={line} state={state} />}
    </div>
  );
}

/** Before anything was said. */
function hintFor({ phase, full, mode }: CallState): TextKey {
  if (phase !== "live") return full ? "captions.full" : "captions.soon";
  return mode === "push" ? "captions.hintPush" : "captions.hint";
}

/** The agent's words; the one being heard stays in view. */
function Words({ line, state }: { line: Line; state: CallState }) {
  const box = useRef<HTMLParagraphElement>(null);
  const word = useRef<HTMLElement>(null);
  const { spoken, playing, conversation } = state;
  const under = playing || conversation.held || conversation.response !== null;
  const sounding = isInCall(state) && under && line.state !== "cut";
  const here = spoken?.item === line.id ? spoken : null;
  const [said, now, coming] = sounding ? lit(line.text, here) : [line.text, "", ""];

  // biome-ignore lint/correctness/useExhaustiveDependencies: each new word may lie on a new row
  useEffect(() => {
    if (!box.current || !word.current) return;
    // The box is what the word's place is reckoned from.
    const { offsetTop, offsetHeight } = word.current;
    const row = Number.parseFloat(getComputedStyle(box.current).lineHeight);
    box.current.scrollTo({ top: rowBefore(offsetTop + offsetHeight / 2, row) });
  }, [here, line.id]);

  return (
    <p className="live-words" ref={box}>
      <span className="said">{said}</span>
      <mark ref={word}>{now}</mark>
      <span className="coming">{coming}</span>
    </p>
  );
}
