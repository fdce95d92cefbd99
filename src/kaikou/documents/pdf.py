"""PDF, by pypdf: text page by page, with the bookmarks as headings."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import pypdf
from pypdf.errors import DependencyError, FileNotDecryptedError, PyPdfError

from kaikou.documents.document import Document, Piece, assembled
from kaikou.documents.limits import check_characters, damaged, too_large
from kaikou.documents.plain import joined
from kaikou.errors import InvalidInput
from kaikou.settings.services import DocumentLimits

_ENDS = re.compile(r"[.!?。！？:：]['\"”’」）)]*$")
_ITEM = re.compile(
    r"(?:[•◦▪●–—-]|\(?\d{1,3}[.)、]|[（(][一二三四五六七八九十]{1,3}[)）]|[一二三四五六七八九十]{1,3}、)\s*\S"
)
_PAGE_NUMBER = re.compile(
    r"[-–—\s]*(?:page\s*)?\d{1,4}(?:\s*(?:/|of)\s*\d{1,4})?[-–—\s]*|第\s*\d{1,4}\s*页.{0,8}", re.I
)
_DEEPEST = 6
_LONGEST_HEADING = 200


def read_pdf(data: bytes, title: str, limits: DocumentLimits) -> Document:
    """Lines of a page become paragraphs again. Scanned pages hold no text: InvalidInput
    ``document_without_text``."""
    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise FileNotDecryptedError
        if len(reader.pages) > limits.max_pages:
            raise too_large(f"more than {limits.max_pages:,} pages", "max_pages")
        own_title = str((reader.metadata.title if reader.metadata else "") or "")
        pieces = list(_pieces(reader, limits))
    except (FileNotDecryptedError, DependencyError) as error:
        raise InvalidInput(
            "The PDF is encrypted.", code="document_encrypted", hint="Save it without a password."
        ) from error
    except InvalidInput:
        raise
    except (PyPdfError, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        raise damaged(f"the PDF is broken ({type(error).__name__})") from error
    if not pieces:
        raise InvalidInput(
            "The PDF holds pictures of text, but no text.",
            code="document_without_text",
            hint="Run it through text recognition (OCR) first.",
        )
    good = own_title.strip() and not re.search(
        r"\.(docx?|indd|tex|pdf)$|^(untitled|microsoft)", own_title, re.I
    )
    return assembled(own_title if good else title, "pdf", pieces)


def _pieces(reader: pypdf.PdfReader, limits: DocumentLimits) -> Iterator[Piece]:
    bookmarks = _bookmarks(reader)
    characters = 0
    for number, page in enumerate(reader.pages, 1):
        text = page.extract_text()
        characters += len(text)
        check_characters(characters, limits)
        headings = bookmarks.get(number, [])
        levels = {_bare(name): level for level, name in headings if _bare(name)}
        for paragraph in page_paragraphs(text, frozenset(levels)):
            level = levels.get(_bare(paragraph), 0) if len(paragraph) < _LONGEST_HEADING else 0
            yield Piece("heading" if level else "paragraph", paragraph, level, number)


def page_paragraphs(text: str, headings: frozenset[str] = frozenset()) -> list[str]:
    """A page's lines as paragraphs: one ends at an empty line, before an item of a list, around a line
    that is one of ``headings`` (letters and digits alone, small), or with a sentence on a line that is
    shorter than the others. Page numbers are left out."""
    lines = [line.strip() for line in text.split("\n")]
    while lines and (not lines[-1] or _PAGE_NUMBER.fullmatch(lines[-1])):
        lines.pop()
    while lines and (not lines[0] or _PAGE_NUMBER.fullmatch(lines[0])):
        lines.pop(0)
    lengths = sorted(len(line) for line in lines if line)
    usual = lengths[int(len(lengths) * 0.8)] if lengths else 0
    found: list[str] = []
    held: list[str] = []
    after = False
    for line in lines:
        alone = _bare(line) in headings
        if held and (not line or alone or after or _ITEM.match(line) or _closed(held[-1], usual)):
            found.append(joined(held))
            held = []
        if line:
            held.append(line)
        after = alone
    if held:
        found.append(joined(held))
    return found


def _closed(line: str, usual: int) -> bool:
    return (
        not line.endswith("-")
        and len(line) < usual * 0.75
        and (len(line) < usual * 0.45 or bool(_ENDS.search(line)))
    )


def _bookmarks(reader: pypdf.PdfReader) -> dict[int, list[tuple[int, str]]]:
    """(level, title) by page; a file without them, or with broken ones, has none."""
    found: dict[int, list[tuple[int, str]]] = {}

    def visit(entries: list[Any], level: int) -> None:
        for entry in entries:
            if isinstance(entry, list):
                if level < _DEEPEST:
                    visit(entry, level + 1)
                continue
            page = reader.get_destination_page_number(entry)
            if page is not None and page >= 0 and entry.title:
                found.setdefault(page + 1, []).append((level, str(entry.title)))

    try:
        visit(reader.outline, 1)
    except (PyPdfError, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        return {}
    return found


def _bare(text: str) -> str:
    return re.sub(r"\W+", "", text).casefold()
