"""EPUB 2 and 3: a zip of HTML files in the order of its spine (IDPF OPF 2.0, W3C EPUB 3.3)."""

from __future__ import annotations

import posixpath

from lxml import etree

from kaikou.documents.archive import Archive, inside, parse_xml
from kaikou.documents.contents import Entry, contents
from kaikou.documents.document import Document, Piece, assembled
from kaikou.documents.html import parts_of
from kaikou.documents.limits import check_characters, damaged, too_large
from kaikou.errors import InvalidInput
from kaikou.settings.services import DocumentLimits

_CONTAINER = "META-INF/container.xml"
_HTML = {"application/xhtml+xml", "text/html", "application/x-dtbook+xml"}


def read_epub(data: bytes, title: str, limits: DocumentLimits) -> Document:
    """The book's text in reading order; parts outside the reading order (covers, notes marked
    ``linear="no"``) are left out. Parts without a heading have that of the table of contents. Pages count
    the parts."""
    archive = Archive(data, limits)
    if "META-INF/encryption.xml" in archive.names and b"EncryptedKey" in archive.read(
        "META-INF/encryption.xml"
    ):
        raise InvalidInput(
            "The book is protected against copying.",
            code="document_encrypted",
            hint="Use a copy of it without protection (DRM).",
        )
    package_name = _package(archive)
    package = parse_xml(archive.read(package_name), "the list of its parts")
    own_title = _text(package, "title")
    pieces: list[Piece] = []
    characters = 0
    folder = posixpath.dirname(package_name)
    names, titles = _spine(package, folder), contents(archive, package, folder)
    if len(names) > limits.max_pages:
        raise too_large(f"more than {limits.max_pages:,} parts", "max_pages")
    for number, name in enumerate(names, 1):
        if name not in archive.names:
            continue  # named by a careless converter; the rest of the book is there
        _, found = parts_of(archive.read(name), limits, number)
        characters += sum(len(piece.text) for piece in found)
        check_characters(characters, limits)
        pieces += _headed(found, titles.get(name, []), number)
    return assembled(own_title, "epub", pieces, otherwise=title)


def _headed(found: list[Piece], titles: list[Entry], page: int) -> list[Piece]:
    """The part with its names of the table of contents in front, unless it begins with a heading."""
    shown = [piece for piece in found if piece.text]
    if not shown or shown[0].kind == "heading":
        return found
    return [*(Piece("heading", title, level, page) for level, title in titles), *found]


def _package(archive: Archive) -> str:
    container = parse_xml(archive.read(_CONTAINER), "its table of contents")
    for found in _named(container, "rootfile"):
        if path := found.get("full-path"):
            return inside("", path)
    raise damaged("it does not say where its parts are")


def _spine(package: etree._Element, folder: str) -> list[str]:
    manifest = {item.get("id"): item for item in _named(package, "item") if item.get("media-type") in _HTML}
    names = []
    for reference in _named(package, "itemref"):
        item = manifest.get(reference.get("idref"))
        if item is not None and reference.get("linear") != "no" and (href := item.get("href")):
            names.append(inside(folder, href))
    return list(dict.fromkeys(names))


def _named(root: etree._Element, name: str) -> list[etree._Element]:
    """Elements of that name in any namespace: old books get theirs wrong."""
    return [one for one in root.iter() if isinstance(one.tag, str) and etree.QName(one).localname == name]


def _text(root: etree._Element, name: str) -> str:
    return next((" ".join((one.text or "").split()) for one in _named(root, name) if one.text), "")
