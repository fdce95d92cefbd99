"""PDF, by PDFium: text page by page, with the bookmarks as headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

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
_NO_LETTERS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_LINE_HYPHEN = "\ufffe"
"""What PDFium gives for a hyphen at a line's end."""
_LOCKED = frozenset({pdfium_c.FPDF_ERR_PASSWORD, pdfium_c.FPDF_ERR_SECURITY})
_DEEPEST = 6
_LONGEST_HEADING = 200
_LOOKED_AT = 400
"""Letters of a page that are asked whether they are known, spread over it."""
_MOST_UNKNOWN = 0.3
"""A page of which more letters than this are unknown says nothing; a formula's signs may well be."""


def read_pdf(data: bytes, title: str, limits: DocumentLimits) -> Document:
    """Lines of a page become paragraphs again. InvalidInput ``document_without_text`` for scanned pages,
    which hold no text, and ``document_letters_unknown`` where fonts draw shapes by number and say nowhere
    which letters they are."""
    try:
        with closing(pdfium.PdfDocument(data)) as file:
            if len(file) > limits.max_pages:
                raise too_large(f"more than {limits.max_pages:,} pages", "max_pages")
            own_title = file.get_metadata_value("Title")
            pieces, unknown = _pieces(file, limits)
    except pdfium.PdfiumError as error:
        if error.err_code in _LOCKED:
            raise InvalidInput(
                "The PDF is encrypted.", code="document_encrypted", hint="Save it without a password."
            ) from error
        raise damaged("the PDF is broken") from error
    if unknown > sum(len(piece.text) for piece in pieces):
        raise InvalidInput(
            "The letters of the PDF are not known: its fonts do not say which characters they draw.",
            code="document_letters_unknown",
            hint="Save it anew from the program that made it, as PDF/A or docx, or run it through text "
            "recognition (OCR).",
        )
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


def _pieces(file: pdfium.PdfDocument, limits: DocumentLimits) -> tuple[list[Piece], int]:
    """What there is to read, and how many letters on other pages nobody can tell."""
    bookmarks = _bookmarks(file)
    characters = unknown = 0
    found: list[Piece] = []
    for number in range(1, len(file) + 1):
        with closing(file[number - 1]) as page, closing(page.get_textpage()) as letters:
            text = letters.get_text_range()
            characters += len(text)
            check_characters(characters, limits)
            if _unknown(letters) > _MOST_UNKNOWN:
                unknown += len(text)
                continue
        text = text.replace(_LINE_HYPHEN, "-\n").replace("\r\n", "\n")
        headings = bookmarks.get(number, [])
        levels = {_bare(name): level for level, name in headings if _bare(name)}
        for paragraph in page_paragraphs(_NO_LETTERS.sub("", text), frozenset(levels)):
            level = levels.get(_bare(paragraph), 0) if len(paragraph) < _LONGEST_HEADING else 0
            found.append(Piece("heading" if level else "paragraph", paragraph, level, number))
    return found, unknown


def _unknown(letters: pdfium.PdfTextPage) -> float:
    """The share of a page's letters whose font does not say what they are, from 0 to 1; of some of them."""
    count = letters.count_chars()
    # Spaces and ends of lines that PDFium adds are always known.
    own = [at for at in _spread(count) if not pdfium_c.FPDFText_IsGenerated(letters, at)]
    unknown = [at for at in own if pdfium_c.FPDFText_HasUnicodeMapError(letters, at) == 1]
    return len(unknown) / max(1, len(own))


def _spread(count: int) -> Iterator[int]:
    step = max(1.0, count / _LOOKED_AT)
    return (int(number * step) for number in range(min(count, _LOOKED_AT)))


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


def _bookmarks(file: pdfium.PdfDocument) -> dict[int, list[tuple[int, str]]]:
    """(level, title) by page; a file without them has none."""
    found: dict[int, list[tuple[int, str]]] = {}
    for mark in file.get_toc(max_depth=_DEEPEST):
        place, name = mark.get_dest(), mark.get_title()
        page = place.get_index() if place is not None else None
        if page is not None and page >= 0 and name:
            found.setdefault(page + 1, []).append((mark.level + 1, name))
    return found


def _bare(text: str) -> str:
    return re.sub(r"\W+", "", text).casefold()
