"""Knowledge bases and documents as a person handles them, and the room's one way in."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

from kaikou.documents.reading import format_of
from kaikou.engines.pool import Pool
from kaikou.engines.ports import Lane
from kaikou.errors import InvalidInput, LimitReached, NotFound
from kaikou.knowledge.importing import Importer
from kaikou.knowledge.in_database import InDatabase
from kaikou.knowledge.nearness import InMemory, Nearness
from kaikou.knowledge.ports import EmbedderSource, OnChange, unwatched
from kaikou.knowledge.searching import Passages, Search
from kaikou.settings.tree import Settings
from kaikou.store.knowledge import UNFINISHED, BaseRow, DocumentRow, KnowledgeRepository, State
from kaikou.store.passages import PassageRepository, PassageRow
from kaikou.store.records import now
from kaikou.store.windows import Windows

MAX_NAME, MAX_DESCRIPTION, MAX_BASES = 100, 1_000, 500
_MEDIA = {
    "text": "text/plain",
    "markdown": "text/markdown",
    "html": "text/html",
    "epub": "application/epub+zip",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
}


@dataclass(frozen=True, slots=True)
class Added:
    """A document, and whether the same file was there already."""

    document: DocumentRow
    known: bool


class KnowledgeBase:
    """All knowledge bases: what they hold, and what they say about a question."""

    def __init__(
        self,
        repository: KnowledgeRepository,
        embedder: EmbedderSource,
        pool: Pool,
        settings: Settings,
        on_change: OnChange = unwatched,
        windows: Windows | None = None,
    ) -> None:
        """``windows``: where the database compares the vectors of large bases; else memory does."""
        self._repository = repository
        self._pool = pool
        self._settings = settings
        self._on_change = on_change
        self._passages = PassageRepository(repository.database)
        memory = InMemory(self._passages, pool, settings.knowledge.cached_passages)
        small = settings.knowledge.memory_passages
        self._in_database = InDatabase(windows, memory, small) if windows is not None else None
        nearness: Nearness = self._in_database or memory
        self._search = Search(repository, nearness, embedder, pool, settings.knowledge)
        self.importer = Importer(repository, nearness, embedder, pool, settings, on_change)

    def start(self) -> None:
        """Go on with what a stopped server left; ``stop`` must follow."""
        self.importer.start()
        if self._in_database is not None:
            self._in_database.start()

    async def stop(self) -> None:
        await self.importer.stop()
        if self._in_database is not None:
            await self._in_database.stop()

    async def search(
        self, query: str, *, bases: Sequence[str], limit: int | None = None, lane: Lane = Lane.LIVE
    ) -> Passages:
        """See ``Search.search``."""
        return await self._search.search(query, bases=bases, limit=limit, lane=lane)

    # -- bases

    async def bases(self) -> tuple[BaseRow, ...]:
        """By name."""
        return await self._repository.bases()

    async def base(self, base_id: str) -> BaseRow:
        """NotFound ``knowledge_base_not_found``."""
        found = await self._repository.bases([base_id])
        if not found:
            raise NotFound(
                f"There is no knowledge base {base_id[:60]!r}.", code="knowledge_base_not_found", param="base"
            )
        return found[0]

    async def create(self, name: str, description: str = "") -> BaseRow:
        """Errors: ``invalid_knowledge_base``, ``knowledge_bases_limit``."""
        if len(await self._repository.bases()) >= MAX_BASES:
            raise LimitReached(
                f"There are {MAX_BASES} knowledge bases already.", code="knowledge_bases_limit"
            )
        base_id = f"kb_{secrets.token_hex(8)}"
        await self._repository.put_base(base_id, *_checked(name, description))
        self._on_change(base=base_id, change="created")
        return await self.base(base_id)

    async def change(self, base_id: str, name: str | None = None, description: str | None = None) -> BaseRow:
        """Give it another name or description; None leaves one as it is."""
        before = await self.base(base_id)
        new = _checked(
            before.name if name is None else name, before.description if description is None else description
        )
        await self._repository.put_base(base_id, *new)
        self._on_change(base=base_id, change="changed")
        return await self.base(base_id)

    async def delete(self, base_id: str) -> None:
        """Throw it away with its documents; ``restore`` brings it back for a while."""
        inside = await self.documents(base_id)
        await self._repository.mark_base(base_id, deleted=True)
        for document in inside:
            await self.importer.abandon(document.id)
        self._on_change(base=base_id, change="deleted")

    async def restore(self, base_id: str) -> BaseRow:
        """NotFound ``knowledge_base_not_found`` once it is gone for good, or was not thrown away."""
        if await self._repository.mark_base(base_id, deleted=False):
            self._on_change(base=base_id, change="restored")
            self.importer.wake()
        return await self.base(base_id)

    # -- documents

    async def documents(self, base_id: str) -> tuple[DocumentRow, ...]:
        """Oldest first."""
        await self.base(base_id)
        return await self._repository.documents(base_id)

    async def document(self, document_id: str) -> DocumentRow:
        """NotFound ``document_not_found``."""
        found = await self._repository.document(document_id)
        if found is None:
            raise NotFound(
                f"There is no document {document_id[:60]!r}.", code="document_not_found", param="document"
            )
        return found

    async def passages(self, document_id: str, offset: int, limit: int) -> tuple[PassageRow, ...]:
        await self.document(document_id)
        return await self._passages.of(document_id, offset=offset, limit=limit)

    async def original(self, document_id: str) -> tuple[DocumentRow, bytes]:
        """The file as it was given."""
        found = await self.document(document_id)
        return found, await self._repository.blobs.read(found.file)

    async def add(self, base_id: str, file_name: str, data: bytes) -> Added:
        """Keep the file and import it in the background. The same bytes again give the document that is
        there, brought back if it was thrown away and tried again if it failed. Errors:
        ``unsupported_document``, ``document_too_large``, ``knowledge_base_full``,
        ``knowledge_base_not_found``."""
        base = await self.base(base_id)
        name = _file_name(file_name)
        kind = format_of(data, name)
        digest = await self._pool.run("knowledge", Lane.INTERACTIVE, _digest, data)
        same = await self._repository.same_file(base_id, digest)
        if same is not None:
            if same.deleted_at is not None and await self._repository.mark_document(same.id, deleted=False):
                self._tell(same, same.state)
                self.importer.wake()
            if same.state in ("failed", "cancelled"):
                await self.retry(same.id)
            return Added(await self.document(same.id), known=True)
        limit = self._settings.knowledge.max_documents
        if base.documents >= limit:
            raise LimitReached(
                f"A knowledge base holds at most {limit:,} documents.",
                code="knowledge_base_full",
                hint="Use another knowledge base, or raise KAIKOU_KNOWLEDGE__MAX_DOCUMENTS.",
            )
        row = DocumentRow(
            id=f"doc_{secrets.token_hex(8)}",
            base_id=base_id,
            title=PurePath(name).stem[:200],
            file_name=name,
            media_type=_MEDIA[kind],
            size=len(data),
            file=digest,
            state="queued",
            error=None,
            characters=0,
            passages=0,
            created_at=now(),
            updated_at=now(),
        )
        await self._repository.add_document(row, data)
        self._tell(row, "queued")
        self.importer.wake()
        return Added(row, known=False)

    async def cancel(self, document_id: str) -> DocumentRow:
        """Stop its import. Error: ``document_finished``."""
        found = await self.document(document_id)
        if found.state not in UNFINISHED:
            raise InvalidInput("The document is not being imported.", code="document_finished", status=409)
        await self._repository.set_state(document_id, "cancelled")
        await self.importer.abandon(document_id)
        self._tell(found, "cancelled")
        return await self.document(document_id)

    async def retry(self, document_id: str) -> DocumentRow:
        """Import it anew. Error: ``document_unfinished`` while that is under way."""
        found = await self.document(document_id)
        if found.state in UNFINISHED:
            raise InvalidInput("The document is being imported.", code="document_unfinished", status=409)
        await self._repository.set_state(document_id, "queued")
        self._tell(found, "queued")
        self.importer.wake()
        return replace(found, state="queued", error=None)

    async def delete_document(self, document_id: str) -> None:
        """Throw it away; ``restore_document`` brings it back for a while."""
        found = await self.document(document_id)
        await self._repository.mark_document(document_id, deleted=True)
        await self.importer.abandon(document_id)
        self._on_change(base=found.base_id, document=document_id, change="deleted")

    async def restore_document(self, document_id: str) -> DocumentRow:
        """NotFound ``document_not_found`` once it is gone for good."""
        await self._repository.mark_document(document_id, deleted=False)
        found = await self.document(document_id)
        self._on_change(base=found.base_id, document=document_id, change="restored")
        self.importer.wake()
        return found

    def _tell(self, document: DocumentRow, state: State) -> None:
        self._on_change(base=document.base_id, document=document.id, state=state)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _file_name(name: str) -> str:
    """The last part of whatever a client sent, without control characters."""
    last = re.split(r"[\\/]", name)[-1]
    clean = "".join(one for one in last if one.isprintable()).strip().lstrip(".")
    stem, suffix = PurePath(clean).stem, PurePath(clean).suffix
    return (stem[: 280 - len(suffix)] + suffix)[:300] or "document"


def _checked(name: str, description: str) -> tuple[str, str]:
    name = " ".join(name.split())
    if not 0 < len(name) <= MAX_NAME:
        raise InvalidInput(
            f"A knowledge base's name has 1 to {MAX_NAME} characters.",
            code="invalid_knowledge_base",
            param="name",
        )
    if len(description) > MAX_DESCRIPTION:
        raise InvalidInput(
            f"A knowledge base's description has at most {MAX_DESCRIPTION} characters.",
            code="invalid_knowledge_base",
            param="description",
        )
    return name, description.strip()
