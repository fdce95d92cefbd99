import { Brain, Download, PenLine, SearchX, Trash2, UserRoundCheck } from "lucide-react";
import { useState } from "react";
import { Link, useSearchParams } from "react-router";
import { useAgentList } from "../agents/agents";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { Failure } from "../ui/Failure";
import { Field } from "../ui/Field";
import { Empty, Loading } from "../ui/Page";
import { MemoryDialog } from "./MemoryDialog";
import { MemoryRow } from "./MemoryRow";
import { exportAddress, useMemories, usePeople, type Whose } from "./memory";
import { kindOf, ownOwner } from "./owners";
import { useErasing } from "./useErasing";
import { useTaking } from "./useTaking";
import { WhoseFields } from "./WhoseFields";

const PORTION = 50;

/** Whose memory is looked at, what is in it, and what can be done with all of it. */
export function Memories() {
  const { t } = useLanguage();
  const [query, setQuery] = useSearchParams();
  const [sought, setSought] = useState("");
  const [limit, setLimit] = useState(PORTION);
  const [writing, setWriting] = useState(false);
  const whose: Whose = { agent: query.get("agent"), who: query.get("who") };
  const people = usePeople();
  const agents = useAgentList().data?.agents ?? [];
  const { data, error, refetch } = useMemories(whose, sought.trim(), limit);
  const erase = useErasing();
  const take = useTaking();
  const known = people.data?.people ?? [];
  const waiting = known
    .filter((one) => fits(one.agent_id, whose.agent) && fits(one.who, whose.who))
    .reduce((sum, one) => sum + one.waiting, 0);
  const learners = agents.filter(({ memory }) => memory !== "none");
  const narrowed = whose.agent !== null || whose.who !== null || sought.trim() !== "";

  function choose(change: { agent?: string; who?: string }) {
    const wanted = { ...whose, ...change };
    const next = new URLSearchParams(query);
    for (const name of ["agent", "who"] as const) {
      if (wanted[name]) next.set(name, wanted[name]);
      else next.delete(name);
    }
    setLimit(PORTION);
    setQuery(next, { replace: true });
  }

  const own = ownOwner();
  const kind = whose.who === null ? "named" : kindOf(whose.who, own);
  const takes = (kind === "shared" || kind === "other") && whose.who !== own;
  const nothing = data?.memories.length === 0;
  return (
    <div className="stack">
      {learners.length === 0 && people.data && (
        <p className="notice">
          <span>
            {t("memory.off")} <Link to="/app/agents">{t("agents.title")}</Link>
          </span>
        </p>
      )}
      <div className="memory-filter">
        <WhoseFields
          agent={whose.agent ?? ""}
          who={whose.who ?? ""}
          all={{ agents: t("memory.anyAgent"), people: t("memory.anybody") }}
          onChoose={choose}
        />
        <Field label={t("memory.find")}>
          {(control) => (
            <input
              {...control}
              type="search"
              maxLength={200}
              value={sought}
              onChange={(event) => setSought(event.target.value)}
            />
          )}
        </Field>
      </div>
      <div className="acts">
        <Button icon={<PenLine />} disabled={agents.length === 0} onClick={() => setWriting(true)}>
          {t("memory.write")}
        </Button>
        {data && data.total > 0 && sought.trim() === "" && (
          <>
            <a className="button quiet" href={exportAddress(whose)} download>
              <Download aria-hidden="true" /> {t("memory.export")}
            </a>
            {whose.who !== null && takes && (
              <Button
                look="quiet"
                icon={<UserRoundCheck />}
                onClick={() => take({ agent: whose.agent, who: whose.who ?? own })}
              >
                {t("memory.take")}
              </Button>
            )}
            <Button look="danger" icon={<Trash2 />} onClick={() => erase(whose)}>
              {t(narrowed ? "memory.eraseThese" : "memory.eraseAll", {
                count: String(data.total),
              })}
            </Button>
          </>
        )}
      </div>
      {takes && data && data.total > 0 && (
        <p className="note">{t(kind === "shared" ? "memory.sharedAbout" : "memory.otherAbout")}</p>
      )}
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Loading />}
      {waiting > 0 && (
        <p className="note" role="status">
          {t("memory.waiting", { count: String(waiting) })}
        </p>
      )}
      {nothing && narrowed && (
        <Empty icon={<SearchX aria-hidden="true" />} title={t("memory.none")} />
      )}
      {nothing && !narrowed && (
        <Empty icon={<Brain aria-hidden="true" />} title={t("memory.empty")}>
          <p className="empty-about">{t("memory.emptyAbout")}</p>
        </Empty>
      )}
      <ul className="rows">
        {data?.memories.map((one) => (
          <MemoryRow key={one.id} memory={one} onErase={() => erase({ ids: [one.id] })} />
        ))}
      </ul>
      {data && data.memories.length < data.total && sought.trim() === "" && (
        <div className="list-more">
          <Button onClick={() => setLimit(limit + PORTION)}>{t("conversations.more")}</Button>
        </div>
      )}
      {writing && (
        <MemoryDialog
          memory={null}
          agent={whose.agent ?? learners[0]?.id ?? agents[0]?.id ?? ""}
          who={whose.who ?? ownOwner()}
          onClose={() => setWriting(false)}
        />
      )}
    </div>
  );
}

function fits(one: string, wanted: string | null): boolean {
  return wanted === null || one === wanted;
}
