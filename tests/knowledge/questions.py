"""The published documents and questions, and how well a ranking answers them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "data" / "knowledge"


@dataclass(frozen=True, slots=True)
class Question:
    """``text`` is answered by a passage of ``document`` that holds ``quote``. ``language`` is that of both;
    ``across`` where they differ."""

    language: str
    document: str
    quote: str
    text: str


@dataclass(frozen=True, slots=True)
class Published:
    """Questions, and the documents among which their answers are looked for."""

    name: str
    documents: tuple[Path, ...]
    questions: tuple[Question, ...]


def _documents(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted((folder / "documents").iterdir()))


def _questions(folder: Path) -> tuple[Question, ...]:
    found = []
    for path in sorted(folder.glob("questions-*.tsv")):
        language = path.stem.removeprefix("questions-")
        lines = path.read_text("utf-8").splitlines()
        found += [Question(language, *line.split("\t")) for line in lines]
    return tuple(found)


SHOWN = Published("shown", _documents(FOLDER), _questions(FOLDER))
"""The settings of the search were chosen with these in sight."""
HELD_OUT = Published(
    "held-out",
    SHOWN.documents + _documents(FOLDER / "held-out"),
    _questions(FOLDER / "held-out"),
)
"""Asked among all documents; no setting may be chosen by them."""


def answers(question: Question, document: str, text: str) -> bool:
    """Whether a passage holds the answer; the quotation may be cut by a line's end."""
    return document == question.document and _bare(question.quote) in _bare(text)


def recall(hits: Sequence[bool]) -> float:
    return sum(hits) / len(hits)


def _bare(text: str) -> str:
    return "".join(text.split())
