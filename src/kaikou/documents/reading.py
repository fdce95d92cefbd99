"""One way in for every format."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePath
from typing import Literal

from kaikou.documents.document import Document
from kaikou.documents.epub import read_epub
from kaikou.documents.html import read_html
from kaikou.documents.limits import check_characters, too_large
from kaikou.documents.markdown import read_markdown
from kaikou.documents.pdf import read_pdf
from kaikou.documents.plain import read_plain
from kaikou.documents.word import read_docx
from kaikou.errors import InvalidInput
from kaikou.settings.services import DocumentLimits

Format = Literal["text", "markdown", "html", "epub", "docx", "pdf"]
_READERS: dict[Format, Callable[[bytes, str, DocumentLimits], Document]] = {
    "text": read_plain,
    "markdown": read_markdown,
    "html": read_html,
    "epub": read_epub,
    "docx": read_docx,
    "pdf": read_pdf,
}
SUFFIXES: dict[str, Format] = {
    ".txt": "text", ".text": "text", ".log": "text", ".csv": "text",
    ".md": "markdown", ".markdown": "markdown",
    ".html": "html", ".htm": "html", ".xhtml": "html",
    ".epub": "epub", ".docx": "docx", ".pdf": "pdf",
}  # fmt: skip
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"ID3", b"OggS", b"\x7fELF", b"MZ", b"\x1f\x8b")


def format_of(data: bytes, file_name: str) -> Format:
    """By the first bytes where they say it, else by the name. Raises InvalidInput
    ``unsupported_document``, ``document_damaged``, ``document_empty``."""
    if not data:
        raise InvalidInput("The file is empty.", code="document_empty", hint="Look where it comes from.")
    suffix = PurePath(file_name).suffix.lower()
    if data[:1024].lstrip().startswith(b"%PDF-"):
        return "pdf"
    if data.startswith(b"PK\x03\x04"):
        if b"application/epub+zip" in data[:200] or suffix == ".epub" or b"META-INF/container.xml" in data:
            return "epub"
        if suffix == ".docx" or b"word/" in data:
            return "docx"
        raise _unsupported(file_name)
    if data.startswith(_PICTURES) or data.startswith(b"\xd0\xcf\x11\xe0"):
        raise _unsupported(file_name)
    named = SUFFIXES.get(suffix)
    if named in ("epub", "docx", "pdf"):
        raise InvalidInput(
            f"{PurePath(file_name).name[:100]!r} is not what its name says.",
            code="document_damaged",
            hint="Give it the ending of what it is, or save it again.",
        )
    if named is None and re.match(rb"\s*(<!doctype html|<html)", data[:300], re.IGNORECASE):
        return "html"
    if named is None and suffix and b"\0" in data[:4096] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _unsupported(file_name)
    return named or "text"


def read(data: bytes, file_name: str, limits: DocumentLimits) -> Document:
    """The document in ``data``. Blocking, and files may be hostile: let ``isolated.py`` call it.

    Raises InvalidInput: ``unsupported_document``, ``document_too_large``, ``document_damaged``,
    ``document_encrypted``, ``document_without_text``, ``document_letters_unknown``, ``document_empty``.
    """
    if len(data) > limits.max_bytes:
        raise too_large(f"{len(data):,} bytes", "max_bytes")
    found = _READERS[format_of(data, file_name)](data, PurePath(file_name).stem, limits)
    check_characters(len(found.text), limits)
    if not found.text:
        raise InvalidInput(
            "There is no text in the document.",
            code="document_empty",
            hint="Pictures and what scripts would show are not read.",
        )
    return found


def _unsupported(file_name: str) -> InvalidInput:
    kind = PurePath(file_name).suffix.lower() or "this kind"
    return InvalidInput(
        f"Documents of {kind[:20]} cannot be read.",
        code="unsupported_document",
        hint="Known are txt, md, html, epub, docx and pdf.",
        status=415,
    )
