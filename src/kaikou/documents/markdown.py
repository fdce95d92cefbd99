"""Markdown (CommonMark with tables), by markdown-it-py."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

from kaikou.documents.document import Document, Piece, assembled
from kaikou.documents.limits import check_characters
from kaikou.documents.plain import decoded
from kaikou.settings.services import DocumentLimits

_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n(?:---|\.\.\.)\n", re.DOTALL)
_TITLE = re.compile(r"^title:\s*[\"']?(.+?)[\"']?\s*$", re.MULTILINE)


def read_markdown(data: bytes, title: str, limits: DocumentLimits) -> Document:
    """Headings, paragraphs, items of lists, rows of tables and code; marks and addresses are left out."""
    text, own = decoded(data), ""
    check_characters(len(text), limits)
    if front := _FRONT_MATTER.match(text):
        text = text[front.end() :]
        if named := _TITLE.search(front[1]):
            own = named[1]
    tokens = MarkdownIt("commonmark", {"maxNesting": 40}).enable("table").parse(text)
    return assembled(own, "markdown", _pieces(tokens), otherwise=title)


def _pieces(tokens: list[Token]) -> Iterator[Piece]:
    in_items, level, row = 0, 0, None
    cells: list[str] | None = row
    for token in tokens:
        match token.type:
            case "heading_open":
                level = int(token.tag[1:])
            case "heading_close":
                level = 0
            case "list_item_open":
                in_items += 1
            case "list_item_close":
                in_items -= 1
            case "tr_open":
                cells = []
            case "tr_close":
                yield Piece("row", " | ".join(cells or []))
                cells = None
            case "fence" | "code_block":
                yield Piece("code", token.content)
            case "inline":
                text = _plain(token)
                if cells is not None:
                    cells.append(text)
                elif level:
                    yield Piece("heading", text, level)
                else:
                    yield Piece("item" if in_items else "paragraph", text)


def _plain(token: Token) -> str:
    """Inline text without its marks; a picture is its description."""
    parts = []
    for child in token.children or []:
        match child.type:
            case "text" | "code_inline":
                parts.append(child.content)
            case "softbreak" | "hardbreak":
                parts.append("\n")
            case "image":
                parts.append(child.content)
    return "".join(parts)
