"""Word documents (docx), by python-docx."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import docx
from docx.document import Document as WordDocument
from docx.table import Table
from docx.text.paragraph import Paragraph

from kaikou.documents.archive import Archive
from kaikou.documents.document import Document, Piece, assembled
from kaikou.documents.limits import check_characters, damaged
from kaikou.settings.services import DocumentLimits

_HEADING = re.compile(r"(?:heading|标题|überschrift|titre)\s*(\d)", re.IGNORECASE)


def read_docx(data: bytes, title: str, limits: DocumentLimits) -> Document:
    """Headings by their styles, paragraphs, list items and rows of tables, in order. Text in headers,
    footers, notes and pictures is left out."""
    archive = Archive(data, limits)
    for name in archive.names:  # unpacked once within bounds before the library does it without
        archive.read(name)
    try:
        word = docx.Document(io.BytesIO(data))
        own_title = word.core_properties.title
        pieces = list(_pieces(word))
    except Exception as error:  # whatever the library meets in a broken file
        raise damaged(f"the Word file is broken ({type(error).__name__})") from error
    check_characters(sum(len(piece.text) for piece in pieces), limits)
    return assembled(own_title, "docx", pieces, otherwise=title)


def _pieces(word: WordDocument) -> Iterator[Piece]:
    for block in word.iter_inner_content():
        if isinstance(block, Paragraph):
            yield _paragraph(block)
        else:
            yield from _rows(block)


def _paragraph(paragraph: Paragraph) -> Piece:
    style = (paragraph.style.name if paragraph.style is not None else "") or ""
    if found := _HEADING.match(style):
        return Piece("heading", paragraph.text, int(found[1]))
    if style.lower() in {"title", "标题"}:
        return Piece("heading", paragraph.text, 1)
    return Piece("item" if style.lower().startswith("list") else "paragraph", paragraph.text)


def _rows(table: Table) -> Iterator[Piece]:
    for row in table.rows:
        cells: list[str] = []
        for cell in row.cells:
            text = " ".join(cell.text.split())
            if not cells or cells[-1] != text:  # merged cells come once for each column
                cells.append(text)
        yield Piece("row", " | ".join(cells))
