"""Zipped documents (epub, docx), opened without trust."""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from typing import IO
from urllib.parse import unquote

from lxml import etree

from kaikou.documents.limits import damaged, too_large
from kaikou.errors import InvalidInput
from kaikou.settings.services import DocumentLimits

_MEMBERS = 20_000
_CHUNK = 1 << 20


class Archive:
    """A zip archive whose members together may not exceed the limits, whatever they claim."""

    def __init__(self, data: bytes, limits: DocumentLimits) -> None:
        self._left = limits.max_unpacked_bytes
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise damaged(f"it is no zip archive ({error})") from error
        members = self._zip.infolist()
        if len(members) > _MEMBERS or sum(one.file_size for one in members) > self._left:
            raise too_large("its content unpacks to more than is allowed", "max_unpacked_bytes")
        if any(one.flag_bits & 1 for one in members):
            raise InvalidInput(
                "The document is encrypted.",
                code="document_encrypted",
                hint="Save it without a password or copy protection.",
            )
        self.names = frozenset(one.filename for one in members)

    def read(self, name: str) -> bytes:
        """A member's bytes. Raises InvalidInput ``document_damaged``, ``document_too_large``."""
        try:
            with self._zip.open(name) as member:
                return self._bounded(member)
        except KeyError:
            raise damaged(f"it lacks the part {name[:100]!r}") from None
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            OSError,
            NotImplementedError,
            RuntimeError,
        ) as error:
            raise damaged(f"the part {name[:100]!r} is broken ({error})") from error

    def _bounded(self, member: IO[bytes]) -> bytes:
        parts = []
        while part := member.read(min(_CHUNK, self._left + 1)):
            self._left -= len(part)
            if self._left < 0:
                raise too_large("its content unpacks to more than is allowed", "max_unpacked_bytes")
            parts.append(part)
        return b"".join(parts)


def parse_xml(data: bytes, what: str) -> etree._Element:
    """XML without entities, document types or the network. Raises InvalidInput ``document_damaged``."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise damaged(f"{what} is broken ({str(error)[:150]})") from error
    if root is None:
        raise damaged(f"{what} is empty")
    return root


def inside(folder: str, reference: str) -> str:
    """The member that ``reference`` in a file of ``folder`` names. Names never leave the archive: it is
    only ever asked for its own members, and ``..`` above its root stays there."""
    path = unquote(reference.partition("#")[0])
    joined = posixpath.normpath(posixpath.join("/", folder, path))
    return joined.lstrip("/")
