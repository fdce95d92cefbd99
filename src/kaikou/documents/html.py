"""HTML, by lxml: what is to be read, without navigation, scripts and forms."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree, html

from kaikou.documents.document import BlockKind, Document, Piece, assembled
from kaikou.documents.limits import check_characters, damaged
from kaikou.documents.plain import decoded
from kaikou.settings.services import DocumentLimits

_SKIPPED = frozenset(
    "script style noscript template nav form button select option svg math iframe object audio video "
    "canvas aside head footer dialog input textarea".split()
)
_BLOCKS = frozenset(
    "address article blockquote body center dd details div dl dt fieldset figcaption figure header hr html "
    "li main ol p pre section summary table tbody tfoot thead tr ul h1 h2 h3 h4 h5 h6".split()
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_CHARSET = re.compile(
    rb"<meta[^>]{0,200}charset=[\"']?([\w-]{2,20})|<\?xml[^>]{0,80}encoding=[\"']([\w-]{2,20})"
)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_SPACES = re.compile(r"[ \t\n\r\f\xa0]+")


def read_html(data: bytes, title: str, limits: DocumentLimits) -> Document:
    """The document; its ``<title>`` names it."""
    own, pieces = parts_of(data, limits)
    return assembled(own, "html", pieces, otherwise=title)


def parts_of(data: bytes, limits: DocumentLimits, page: int | None = None) -> tuple[str, list[Piece]]:
    """Title and pieces of an HTML file, all on ``page``."""
    text = _text_of(data)
    check_characters(len(text) // 20, limits)  # a guard against a pure mass of tags
    try:
        root = html.document_fromstring(_DECLARATION.sub("", text), parser=html.HTMLParser(no_network=True))
    except (etree.ParserError, ValueError) as error:
        if not text.strip():
            return "", []
        raise damaged(f"the HTML is broken ({error})") from error
    pieces = [piece for piece in _Walk(page).pieces(root) if piece.text]
    check_characters(sum(len(piece.text) for piece in pieces), limits)
    return _SPACES.sub(" ", root.findtext(".//title") or "").strip(), pieces


def _text_of(data: bytes) -> str:
    if found := _CHARSET.search(data[:2048]):
        named = (found[1] or found[2]).decode("ascii").lower()
        named = "gb18030" if named in {"gb2312", "gbk"} else named
        try:
            return data.decode(named)
        except (LookupError, UnicodeDecodeError):
            pass  # the page is wrong about itself
    return decoded(data)


class _Walk:
    """Text collects until a block begins or ends."""

    def __init__(self, page: int | None) -> None:
        self._page = page
        self._held: list[str] = []

    def pieces(self, root: html.HtmlElement) -> Iterator[Piece]:
        """In the order of reading; iterative, so that nesting costs no stack."""
        kinds: list[tuple[BlockKind, int, bool]] = [("paragraph", 0, False)]
        skipped: html.HtmlElement | None = None
        for event, element in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
            if event in ("comment", "pi"):
                if skipped is None:
                    self._held.append(element.tail or "")
                continue
            tag = element.tag
            if event == "start":
                if skipped is not None:
                    continue
                if tag in _SKIPPED or element.get("hidden") is not None:
                    skipped = element
                    continue
                if tag in _BLOCKS:
                    yield self._flush(kinds[-1])
                    kinds.append(self._kind(tag, kinds[-1]))
                elif tag == "br":
                    self._held.append("\n")
                elif tag == "img":
                    self._held.append(element.get("alt") or "")
                self._held.append(self._own(element.text, kinds[-1]))
                continue
            if skipped is element:
                skipped = None
            elif skipped is not None:
                continue
            elif tag in ("td", "th"):
                self._held.append(" | ")
            elif tag in _BLOCKS:
                yield self._flush(kinds.pop())
            if element is not root:
                self._held.append(self._own(element.tail, kinds[-1]))
        yield self._flush(kinds[0])

    @staticmethod
    def _kind(tag: str, outer: tuple[BlockKind, int, bool]) -> tuple[BlockKind, int, bool]:
        if tag in _HEADINGS:
            return ("heading", _HEADINGS[tag], False)
        if tag == "pre":
            return ("code", 0, True)
        if tag in ("li", "dd", "dt"):
            return ("item", 0, False)
        if tag == "tr":
            return ("row", 0, False)
        return outer

    @staticmethod
    def _own(text: str | None, kind: tuple[BlockKind, int, bool]) -> str:
        return (text or "") if kind[2] else _SPACES.sub(" ", text or "")

    def _flush(self, kind: tuple[BlockKind, int, bool]) -> Piece:
        text = "".join(self._held)
        self._held = []
        if not kind[2]:
            text = re.sub(r" *\n *", "\n", re.sub(r" {2,}", " ", text)).strip(" \n")
            text = text.removesuffix("|").strip() if kind[0] == "row" else text
        return Piece(kind[0], text, kind[1], self._page)
