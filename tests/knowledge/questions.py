"""The published documents and questions, and how well a ranking answers them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "data" / "knowledge"
DOCUMENTS = sorted((FOLDER / "documents").glob("*.md"))


@dataclass(frozen=True, slots=True)
class Question:
    """``text`` is answered by a passage of ``document`` that holds ``quote``."""

    language: str
    document: str
    quote: str
    text: str


def questions() -> list[Question]:
    found = []
    for language in ("en", "zh"):
        lines = (FOLDER / f"questions-{language}.tsv").read_text("utf-8").splitlines()
        found += [Question(language, *line.split("\t")) for line in lines]
    return found


def answers(question: Question, document: str, text: str) -> bool:
    """Whether a passage holds the answer; the quotation may be cut by a line's end."""
    return document == question.document and _bare(question.quote) in _bare(text)


def recall(hits: Sequence[bool]) -> float:
    return sum(hits) / len(hits)


def _bare(text: str) -> str:
    return "".join(text.split())
