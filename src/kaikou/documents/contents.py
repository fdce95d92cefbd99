"""A book's table of contents: the names of parts whose own text has no heading."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from lxml import etree

from kaikou.documents.archive import Archive, inside, parse_xml
from kaikou.errors import InvalidInput

_DEEPEST = 6
Entry = tuple[int, str]
"""(level, 1 the highest; title)."""


def contents(archive: Archive, package: etree._Element, folder: str) -> dict[str, list[Entry]]:
    """Titles by the part at whose beginning they point (EPUB 3: the ``nav`` file, EPUB 2: NCX). A chapter
    that begins in the middle of a part has its heading there and is left out; a broken table is none."""
    found: dict[str, list[Entry]] = {}
    for name, kind in _tables(package, folder, archive.names):
        try:
            root = parse_xml(archive.read(name), "its table of contents")
        except InvalidInput:
            continue
        for level, title, target in _listed(root) if kind == "nav" else _points(root, 1):
            if title and target and "#" not in target.rstrip("#"):
                found.setdefault(inside(posixpath.dirname(name), target), []).append((level, title))
        if found:
            break
    return found


def _tables(package: etree._Element, folder: str, names: frozenset[str]) -> Iterator[tuple[str, str]]:
    for kind in ("nav", "ncx"):
        for item in package.iter("{*}item"):
            told = (item.get("properties") or "").split() if kind == "nav" else [item.get("media-type") or ""]
            wanted = "nav" if kind == "nav" else "application/x-dtbncx+xml"
            if wanted in told and (name := inside(folder, item.get("href") or "")) in names:
                yield name, kind


def _points(parent: etree._Element, level: int) -> Iterator[tuple[int, str, str]]:
    for point in parent.iterchildren("{*}navMap", "{*}navPoint"):
        if etree.QName(point).localname == "navMap":
            yield from _points(point, level)
            continue
        label, content = point.find("{*}navLabel"), point.find("{*}content")
        yield level, _words(label), (content.get("src") or "") if content is not None else ""
        if level < _DEEPEST:
            yield from _points(point, level + 1)


def _listed(root: etree._Element) -> Iterator[tuple[int, str, str]]:
    navs = list(root.iter("{*}nav"))
    kind = "{http://www.idpf.org/2007/ops}type"
    for nav in [one for one in navs if one.get(kind) == "toc"] or navs[:1]:
        for link in nav.iter("{*}a"):
            depth = sum(1 for one in link.iterancestors("{*}ol"))
            yield min(depth, _DEEPEST), _words(link), link.get("href") or ""


def _words(element: etree._Element | None) -> str:
    return (
        ""
        if element is None
        else " ".join(
            str(etree.tostring(element, encoding="unicode", method="text", with_tail=False)).split()
        )[:200]
    )
