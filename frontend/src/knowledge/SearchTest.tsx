import { SearchX } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Highlighted } from "../conversations/Highlighted";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { Failure } from "../ui/Failure";
import { Field } from "../ui/Field";
import { Empty } from "../ui/Page";
import { keywords } from "./keywords";
import { type Answer, type Found, useAsk } from "./knowledge";

/** What an agent would find for a question; `bases` empty asks all of them. */
export function SearchTest({ bases }: { bases: string[] }) {
  const { t } = useLanguage();
  const ask = useAsk();
  const [query, setQuery] = useState("");
  const asked = ask.variables?.query ?? "";

  function submit(event: FormEvent) {
    event.preventDefault();
    if (query.trim() !== "") ask.mutate({ query: query.trim(), bases });
  }

  return (
    <div className="stack">
      <form className="ask" onSubmit={submit}>
        <Field label={t("knowledge.question")} hint={t("knowledge.questionHint")}>
          {(control) => (
            <input
              {...control}
              value={query}
              maxLength={1_000}
              onChange={(event) => setQuery(event.target.value)}
            />
          )}
        </Field>
        <Button
          type="submit"
          look="primary"
          className="ask-button"
          disabled={query.trim() === "" || ask.isPending}
        >
          {t("knowledge.ask")}
        </Button>
      </form>
      {ask.error && <Failure error={ask.error} />}
      <div aria-live="polite">{ask.data && <Answers answer={ask.data} query={asked} />}</div>
    </div>
  );
}

function Answers({ answer, query }: { answer: Answer; query: string }) {
  const { t, said } = useLanguage();
  const { results, seconds, without_meaning } = answer;
  return (
    <div className="stack">
      {without_meaning && (
        <p className="notice warn">{t("knowledge.wordsOnly", { why: said(without_meaning) })}</p>
      )}
      {results.length === 0 ? (
        <Empty icon={<SearchX aria-hidden="true" />} title={t("knowledge.nothing")}>
          <p>{t("knowledge.nothingAbout")}</p>
        </Empty>
      ) : (
        <>
          <p className="note">
            {t("knowledge.found", {
              count: String(results.length),
              time: String(Math.max(1, Math.round(seconds * 1000))),
            })}
          </p>
          <ol className="rows found-list">
            {results.map((one) => (
              <FoundRow key={`${one.document_id}-${one.start}`} found={one} query={query} />
            ))}
          </ol>
        </>
      )}
    </div>
  );
}

function FoundRow({ found, query }: { found: Found; query: string }) {
  const { t } = useLanguage();
  const { text, document_title, location, similarity, words_rank } = found;
  return (
    <li className="card found">
      <p className="found-source">
        <cite>
          {location.startsWith(document_title)
            ? location
            : [document_title, location].filter(Boolean).join(" › ")}
        </cite>
      </p>
      <p className="passage-text">
        <Highlighted text={text} query={keywords(query)} />
      </p>
      <p className="facts">
        {similarity !== null && (
          <span className="badge" title={t("knowledge.meaningAbout")}>
            {t("knowledge.meaning", { value: similarity.toFixed(2) })}
          </span>
        )}
        {words_rank !== null && (
          <span className="badge" title={t("knowledge.wordsAbout")}>
            {t("knowledge.words", { rank: String(words_rank) })}
          </span>
        )}
        <span className="badge" title={t("knowledge.scoreAbout")}>
          {t("knowledge.score", { value: found.score.toFixed(4) })}
        </span>
      </p>
    </li>
  );
}
