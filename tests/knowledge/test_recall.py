"""The published questions: what words alone miss, meaning and words together find."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import cast

import pytest
from knowledge.questions import HELD_OUT, SHOWN, Published, answers, recall

from kaikou.documents.reading import read
from kaikou.engines.ports import Embedder, Lane, Vectors
from kaikou.knowledge.cutting import passages
from kaikou.knowledge.nearness import by_meaning
from kaikou.knowledge.searching import by_words, ranked
from kaikou.knowledge.vector_index import VectorIndex, packed
from kaikou.knowledge.vectors import passage_vectors
from kaikou.knowledge.word_index import WordIndex
from kaikou.knowledge.words import words_of
from kaikou.server import open_engine
from kaikou.settings.tree import Settings
from kaikou.store.passages import PassageRow

AT = 3


def cut(published: Published) -> list[tuple[str, PassageRow]]:
    """Every passage with its document's title, as an import makes them."""
    settings, found = Settings(), []
    for path in published.documents:
        document = read(path.read_bytes(), path.name, settings.documents)
        for number, one in enumerate(passages(document, settings.knowledge.passage_chars)):
            text = document.text[one.start : one.end]
            words = " ".join(words_of(" ".join((document.title, *one.headings, text))))
            heading = "\n".join(one.headings)
            row = PassageRow(path.stem, number, one.start, one.end, one.page, heading, text, words)
            found.append((document.title, row))
    return found


@pytest.mark.parametrize(
    ("published", "documents", "count"), [(SHOWN, 38, 300), (HELD_OUT, 50, 60)], ids=["shown", "held out"]
)
def test_the_questions_are_what_they_should_be(published: Published, documents: int, count: int) -> None:
    asked, rows = published.questions, cut(published)
    assert len(published.documents) >= documents and len(asked) >= count
    one_language = [one for one in asked if one.language != "across"]
    assert sum(one.language == "zh" for one in one_language) >= len(one_language) / 2
    assert len({one.text for one in asked}) == len(asked)
    for one in asked:
        assert any(answers(one, row.document_id, row.text) for _, row in rows), one


@pytest.mark.models
async def test_meaning_and_words_find_what_words_alone_miss() -> None:
    """Held-out questions are asked among all documents."""
    async with open_engine(Settings(), "embedding", lambda doing, fraction: None) as engine:
        embedder = cast(Embedder, engine)
        vectors = {}
        for title, passages_of_it in groupby(cut(HELD_OUT), key=itemgetter(0)):
            rows = [row for _, row in passages_of_it]
            found = await passage_vectors(embedder, title, rows, Lane.INTERACTIVE)
            vectors |= {(row.document_id, row.position): one for row, one in zip(rows, found, strict=True)}
        words_alone, both = await _hits(SHOWN, embedder, vectors)
        assert recall(words_alone) < 0.8
        assert recall(both) >= 0.9
        words_alone, both = await _hits(HELD_OUT, embedder, vectors)
        assert recall(words_alone) < 0.8
        assert recall(both) >= 0.85


async def _hits(
    published: Published, embedder: Embedder, vectors: dict[tuple[str, int], Vectors]
) -> tuple[list[bool], list[bool]]:
    """Of each question in its document's language whether the first passages answer it: by words alone, and
    by both rankings."""
    rows = [row for _, row in cut(published)]
    index = WordIndex(((one.document_id, one.position), one.words) for one in rows)
    meaning = VectorIndex([(place, packed(vectors[place])) for place in index.places])
    texts = {(row.document_id, row.position): row.text for row in rows}
    questions = [one for one in published.questions if one.language != "across"]
    asked = await embedder.embed([one.text for one in questions], role="query")
    words_alone, both = [], []
    for one, vector in zip(questions, asked, strict=True):
        numbers = [number for number, _ in index.by_words(words_of(one.text), AT)]
        places = [index.places[number] for number in numbers]
        words_alone.append(any(answers(one, place[0], texts[place]) for place in places))
        near = by_meaning({"base": meaning}, vector, 50)
        hits = ranked(near, by_words({"base": index}, one.text, 50))[:AT]
        both.append(any(answers(one, hit.place[0], texts[hit.place]) for hit in hits))
    return words_alone, both


@pytest.mark.models
async def test_a_code_is_found_among_passages_that_are_otherwise_alike() -> None:
    english = "Error E{}: the machine stops. Switch it off, wait a minute and switch it on again."
    chinese = "错误代码 E{}：机器停止运转。请关闭电源，等待一分钟后重新打开。"
    async with open_engine(Settings(), "embedding", lambda *_: None) as engine:
        embedder = cast("Embedder", engine)
        for text, questions in (
            (english, ("E17", "What does E17 mean?")),
            (chinese, ("E17", "E17是什么意思")),
        ):
            texts = [text.format(number) for number in range(10, 50)]
            vectors = await embedder.embed(texts, role="passage")
            index = WordIndex(
                (("manual", number), " ".join(words_of(one))) for number, one in enumerate(texts)
            )
            meaning = VectorIndex(
                [(place, packed(vectors[place[1] : place[1] + 1])) for place in index.places]
            )
            for question, vector in zip(
                questions, await embedder.embed(questions, role="query"), strict=True
            ):
                near = by_meaning({"base": meaning}, vector, 50)
                best = ranked(near, by_words({"base": index}, question, 50))[0]
                assert "E17" in texts[best.place[1]]
