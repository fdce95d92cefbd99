"""What every reader gives: one text, and blocks that point into it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

BlockKind = Literal["heading", "paragraph", "item", "code", "row"]
GAP = "\n\n"
"""Between two blocks of a document's text."""


@dataclass(frozen=True, slots=True)
class Block:
    """A heading or a piece of running text: ``document.text[start:end]``."""

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    """Of a heading, 1 the highest; 0 of everything else."""
    page: int | None = None
    """Counted from 1, where the format has pages."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document's text. Blocks follow one another in order, and none is empty."""

    title: str
    text: str
    blocks: tuple[Block, ...]
    format: str
    """``text``, ``markdown``, ``html``, ``epub``, ``docx`` or ``pdf``."""

    def of(self, block: Block) -> str:
        """The block's own text."""
        return self.text[block.start : block.end]


@dataclass(frozen=True, slots=True)
class Piece:
    """A block before its place in the text is known."""

    kind: BlockKind
    text: str
    level: int = 0
    page: int | None = None


def assembled(title: str, format: str, pieces: Iterable[Piece], *, otherwise: str = "") -> Document:
    """The document of ``pieces``; those without any text are left out. Without a title a heading at the
    very beginning gives it, else ``otherwise``."""
    blocks: list[Block] = []
    parts: list[str] = []
    at = 0
    for piece in pieces:
        text = _clean(piece.text)
        if not text:
            continue
        if parts:
            at += len(GAP)
        blocks.append(Block(piece.kind, at, at + len(text), piece.level, piece.page))
        parts.append(text)
        at += len(text)
    if not title:
        title = parts[0] if blocks and blocks[0].kind == "heading" else otherwise
    return Document(" ".join(_clean(title).split())[:200], GAP.join(parts), tuple(blocks), format)


def _clean(text: str) -> str:
    """Without halves of characters and zero bytes, which no database takes."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8").strip()
