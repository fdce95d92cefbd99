import { memo, useRef, useState } from "react";
import { Waterfall } from "../call/Waterfall";
import type { Line } from "../conversation/conversation";
import { useLanguage } from "../i18n/language";
import type { TextKey } from "../i18n/texts";
import { languageOf, Markdown } from "./Markdown";
import { MessageActions } from "./MessageActions";
import { MessageEditor } from "./MessageEditor";
import { Recording } from "./Recording";
import { ToolUses } from "./ToolUses";

/** What can be done with messages; null during a call, where one can only speak on. */
export interface MessageActs {
  /** With whose voice a written answer is read. */
  agentId: string | null;
  edit: (id: string, text: string) => void;
  regenerate: (id: string | null) => void;
  remove: (id: string) => void;
}

interface Props {
  line: Line;
  agent: string;
  /** Whose recordings and messages these are; null before the server has named it. */
  conversationId: string | null;
  /** What is done with the newest is always in sight. */
  newest: boolean;
  acts: MessageActs | null;
}

/** One turn of either side. Drawn again only when it changes: conversations grow long. */
export const Message = memo(function Message(props: Props) {
  const { line, agent, conversationId, newest, acts } = props;
  const { t } = useLanguage();
  const [editing, setEditing] = useState(false);
  const mine = line.role === "user";
  const place = useRef<HTMLLIElement>(null);

  function close() {
    setEditing(false);
    // The pencil that was pressed stands there again.
    setTimeout(() => place.current?.querySelector<HTMLElement>(".edit")?.focus());
  }

  const names = ["line", line.role, line.state, newest && "newest", editing && "editing"];
  return (
    <li ref={place} className={names.filter(Boolean).join(" ")}>
      {mine ? (
        <span className="for-readers">{t("captions.you")}</span>
      ) : (
        <span className="speaker">
          {agent}
          {line.emoji && <span aria-hidden="true"> {line.emoji}</span>}
        </span>
      )}
      {editing && acts ? (
        <MessageEditor
          text={line.text}
          onCancel={close}
          onSend={(text) => {
            close();
            acts.edit(line.id, text);
          }}
        />
      ) : (
        <>
          {line.tools && line.tools.length > 0 && <ToolUses uses={line.tools} />}
          <Words line={line} />
        </>
      )}
      {line.state === "cut" && <span className="cut-mark">{t(endingOf(line))}</span>}
      {line.metrics && <Waterfall metrics={line.metrics} />}
      {line.state !== "hearing" && !editing && (
        <div className="line-foot">
          {line.recorded !== undefined && conversationId !== null && (
            <Recording
              address={`/api/conversations/${conversationId}/items/${line.id}/audio`}
              seconds={line.recorded}
            />
          )}
          <MessageActions line={line} agent={agent} acts={acts} onEdit={() => setEditing(true)} />
        </div>
      )}
    </li>
  );
});

function Words({ line }: { line: Line }) {
  if (line.role === "user") {
    return (
      <p className="words plain-words" lang={languageOf(line.text)}>
        {line.text}
      </p>
    );
  }
  if (line.text === "") return <Waiting />;
  return <Markdown text={line.text} growing={line.state === "hearing"} />;
}

/** Before the first word of an answer. */
function Waiting() {
  return (
    <p className="words waiting" aria-hidden="true">
      <i />
      <i />
      <i />
    </p>
  );
}

function endingOf(line: Line): TextKey {
  return line.ending ? `chat.${line.ending}` : "captions.cut";
}
