"""The published questions: what words alone miss, meaning and words together find."""

from __future__ import annotations

from typing import cast

import pytest
from knowledge.questions import DOCUMENTS, answers, questions, recall

from kaikou.documents.reading import read
from kaikou.engines.ports import Embedder, Lane
from kaikou.knowledge.cutting import passages
from kaikou.knowledge.importing import embedded_texts
from kaikou.knowledge.index import Collected, Index, packed
from kaikou.knowledge.searching import ranked
from kaikou.knowledge.words import words_of
from kaikou.server import open_engine
from kaikou.settings.tree import Settings
from kaikou.store.passages import IndexedRow, PassageRow

AT = 3


def cut() -> list[tuple[str, PassageRow]]:
    """Every passage with its document's title, as an import makes them."""
    settings, found = Settings(), []
    for path in DOCUMENTS:
        document = read(path.read_bytes(), path.name, settings.documents)
        for number, one in enumerate(passages(document, settings.knowledge.passage_chars)):
            text = document.text[one.start : one.end]
            words = " ".join(words_of(" ".join((document.title, *one.headings, text))))
            heading = "\n".join(one.headings)
            row = PassageRow(path.stem, number, one.start, one.end, one.page, heading, text, words)
            found.append((document.title, row))
    return found


def test_the_questions_are_what_they_should_be() -> None:
    asked, rows = questions(), cut()
    assert len(DOCUMENTS) >= 20 and len(asked) >= 200
    assert sum(one.language == "zh" for one in asked) >= len(asked) / 2
    assert len({one.text for one in asked}) == len(asked)
    for one in asked:
        assert any(answers(one, row.document_id, row.text) for _, row in rows), one


@pytest.mark.models
async def test_meaning_and_words_find_what_words_alone_miss() -> None:
    rows, asked = cut(), questions()
    async with open_engine(Settings(), "embedding", lambda doing, fraction: None) as engine:
        embedder = cast(Embedder, engine)
        collected = Collected()
        for title, row in rows:
            vectors = await embedder.embed(embedded_texts(title, row), role="passage", lane=Lane.INTERACTIVE)
            data = packed(vectors)
            collected.add([IndexedRow(row.document_id, row.position, row.words, data)])
        index = Index(collected)
        asked_vectors = await embedder.embed([one.text for one in asked], role="query")
    texts = {(row.document_id, row.position): row.text for _, row in rows}
    by_words, both = [], []
    for one, vector in zip(asked, asked_vectors, strict=True):
        numbers = [number for number, _ in index.by_words(words_of(one.text), AT)]
        places = [index.places[number] for number in numbers]
        by_words.append(any(answers(one, place[0], texts[place]) for place in places))
        hits = ranked([("base", index)], one.text, vector, 50)[:AT]
        both.append(any(answers(one, hit.place[0], texts[hit.place]) for hit in hits))
    assert recall(by_words) < 0.8
    assert recall(both) >= 0.9
