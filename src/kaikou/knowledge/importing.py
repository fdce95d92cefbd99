"""From a file to passages that can be found: in the background, one document at a time.

What is to be done stands in the database: a server that was stopped in the middle goes on where it was, and
of several on one database one at a time works on a document.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from enum import Enum, auto
from typing import Any

from kaikou.documents.document import Document
from kaikou.documents.isolated import read_isolated
from kaikou.engines.pool import Pool
from kaikou.engines.ports import Embedder, Lane
from kaikou.errors import EngineFailed, InvalidInput, KaikouError, LimitReached, NotReady, as_kaikou_error
from kaikou.knowledge.cutting import passages as cut
from kaikou.knowledge.nearness import Nearness
from kaikou.knowledge.ports import EmbedderSource, OnChange
from kaikou.knowledge.vector_index import packed
from kaikou.knowledge.vectors import made_by, passage_vectors
from kaikou.knowledge.words import words_of
from kaikou.settings.tree import Settings
from kaikou.store.claims import Claims
from kaikou.store.knowledge import DocumentRow, KnowledgeRepository, State
from kaikou.store.passages import PassageRepository, PassageRow

BATCH = 16
"""Passages between two commits."""
BACK_OFF = (2.0, 10.0, 60.0, 300.0)
"""Seconds before each next try of what may pass; the last one repeats."""
LOOK_AGAIN = 10.0
"""Seconds between two looks at documents that another server works on."""
_LOADING_PATIENCE = 1800.0

log = logging.getLogger(__name__)


class _Done(Enum):
    SOMETHING = auto()
    NOTHING = auto()
    ELSEWHERE = auto()
    """Others are at work on all there is."""


class Importer:
    """Owns the one task that works. ``start`` once, ``stop`` at shut-down; ``wake`` when there is work."""

    def __init__(
        self,
        repository: KnowledgeRepository,
        nearness: Nearness,
        embedder: EmbedderSource,
        pool: Pool,
        settings: Settings,
        on_change: OnChange,
        back_off: Sequence[float] = BACK_OFF,
    ) -> None:
        self._repository = repository
        self._passages = PassageRepository(repository.database)
        self._nearness = nearness
        self._embedder = embedder
        self._pool = pool
        self._settings = settings
        self._on_change = on_change
        self._back_off = back_off
        self.look_again = LOOK_AGAIN
        self._claims = Claims(repository.database)
        self._wake = asyncio.Event()
        self._owner: asyncio.Task[None] | None = None
        self._work: asyncio.Task[None] | None = None
        self._document: str | None = None
        self.progress: dict[str, float] = {}
        """Of documents being worked on, 0..1."""
        self.waiting: dict[str, str] = {}
        """Why a document waits, as a sentence, by id."""

    def start(self) -> None:
        if self._owner is None:
            self._owner = asyncio.create_task(self._run(), name="knowledge import")

    async def stop(self) -> None:
        """Leave what is being done; the next start goes on with it."""
        for task in (self._owner, self._work):
            if task is not None:
                task.cancel()
                await asyncio.wait({task})
        self._owner = self._work = None

    def wake(self) -> None:
        """There may be something to do."""
        self._wake.set()

    async def abandon(self, document_id: str) -> None:
        """Stop working on this document, whose row already says so."""
        if self._document == document_id and self._work is not None:
            self._work.cancel()
            await asyncio.wait({self._work})
        self.waiting.pop(document_id, None)
        self.wake()

    # -- the task

    async def _run(self) -> None:
        tries = 0
        while True:
            self._wake.clear()
            try:
                done = await self._once()
                tries = 0
            except (KaikouError, OSError) as error:
                # The database or the embedder may be back later; the document's row is as it was.
                log.warning("the import of documents waits: %s", error)
                pause = self._back_off[min(tries, len(self._back_off) - 1)]
                tries += 1
                await self._pause(pause)
                continue
            except Exception:
                log.exception("the import of documents met something unexpected")
                await self._pause(self._back_off[-1])
                continue
            if done is _Done.NOTHING:
                await self._wake.wait()
            elif done is _Done.ELSEWHERE:
                # Whoever works on it may die.
                await self._pause(self.look_again)

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except TimeoutError:
            return

    async def _once(self) -> _Done:
        """Work on the next document that no other server works on."""
        waiting = await self._repository.unfinished() or await self._stale()
        for document in waiting:
            async with self._claims.held(f"import {document.id}") as ours:
                if ours and (now := await self._still(document)) is not None:
                    await self._worked_on(now)
                    return _Done.SOMETHING
        return _Done.ELSEWHERE if waiting else _Done.NOTHING

    async def _still(self, document: DocumentRow) -> DocumentRow | None:
        """The document as it is now that it is ours; None where another server has finished it, or only
        another has its file."""
        now = await self._repository.document(document.id)
        if now is None or (now.state, now.updated_at) != (document.state, document.updated_at):
            return None
        here = now.state not in ("queued", "reading") or await self._repository.blobs.has(now.file)
        return now if here else None

    async def _worked_on(self, document: DocumentRow) -> None:
        self._document = document.id
        self._work = asyncio.create_task(self._import(document), name=f"import {document.id}")
        try:
            await asyncio.wait({self._work})
            if not self._work.cancelled() and (error := self._work.exception()) is not None:
                raise error
        finally:
            self._work.cancel()
            self._document = None
            self.progress.pop(document.id, None)

    async def _stale(self) -> tuple[DocumentRow, ...]:
        """Documents whose vectors another model made; none where there are no documents at all, so that
        nobody's embedder is loaded for nothing."""
        if not any(base.passages for base in await self._repository.bases()):
            return ()
        embedder = await self._embedder(_LOADING_PATIENCE)
        return await self._repository.stale(made_by(embedder))

    # -- one document

    async def _import(self, document: DocumentRow) -> None:
        try:
            if document.state in ("queued", "reading"):
                document = await self._read(document)
            await self._embed(document)
        except InvalidInput as error:
            await self._fail(document, error)
        except (NotReady, LimitReached, EngineFailed) as error:
            await self._put_off(document, error)
            raise
        except KaikouError as error:
            if error.code in _PASSING:
                await self._put_off(document, error)
                raise
            await self._fail(document, error)
        except Exception as error:  # noqa: BLE001 - one document must not stop the others
            await self._fail(document, as_kaikou_error(error, "the import of a document"))

    async def _read(self, document: DocumentRow) -> DocumentRow:
        """Its text as passages in the database."""
        await self._state(document, "reading")
        data = await self._repository.blobs.read(document.file)
        found = await read_isolated(data, document.file_name, self._settings.documents)
        rows = await self._pool.run("knowledge", Lane.BATCH, self._cut, document, found)
        limit = self._settings.knowledge.max_passages
        if await self._count(document) + len(rows) > limit:
            raise InvalidInput(
                f"A knowledge base holds at most {limit:,} passages, and this document makes {len(rows):,}.",
                code="knowledge_base_full",
                hint="Use another knowledge base, or raise KAIKOU_KNOWLEDGE__MAX_PASSAGES.",
            )
        await self._passages.replace(document.id, rows)
        title = found.title or document.title
        await self._state(document, "embedding", title=title, characters=len(found.text), passages=len(rows))
        return document

    def _cut(self, document: DocumentRow, found: Document) -> list[PassageRow]:
        """Blocking. The headings above a passage count among its words."""
        rows = []
        title = found.title or document.title
        for position, one in enumerate(cut(found, self._settings.knowledge.passage_chars)):
            text = found.text[one.start : one.end]
            words = words_of(" ".join((title, *one.headings, text)))
            heading = "\n".join(one.headings)
            rows.append(
                PassageRow(
                    document.id, position, one.start, one.end, one.page, heading, text, " ".join(words)
                )
            )
        return rows

    async def _embed(self, document: DocumentRow) -> None:
        """Vectors for the passages that have none of this embedder; found by words already before, where
        it was ready once."""
        embedder = await self._embedder(_LOADING_PATIENCE)
        self.waiting.pop(document.id, None)
        now = await self._repository.document(document.id)
        if now is None:
            return
        done = 0
        while rows := await self._passages.without_vector(document.id, made_by(embedder), BATCH):
            await self._some(embedder, now, rows)
            done += len(rows)
            self.progress[document.id] = min(1.0, done / max(1, now.passages))
            self._tell(now, now.state)
        await self._nearness.take(document.id)
        await self._state(now, "ready")

    async def _some(self, embedder: Embedder, document: DocumentRow, rows: Sequence[PassageRow]) -> None:
        vectors = await passage_vectors(embedder, document.title, rows)
        made = [(row.position, packed(some)) for row, some in zip(rows, vectors, strict=True)]
        await self._passages.set_vectors(document.id, made_by(embedder), made)

    async def _count(self, document: DocumentRow) -> int:
        found = await self._repository.bases([document.base_id])
        return found[0].passages - document.passages if found else 0

    async def _state(self, document: DocumentRow, state: State, **values: Any) -> None:
        if not await self._repository.set_state(document.id, state, unless="cancelled", **values):
            raise asyncio.CancelledError  # it was thrown away or cancelled meanwhile
        self._tell(document, state)

    async def _fail(self, document: DocumentRow, error: KaikouError) -> None:
        body = {"code": error.code, "message": error.message, "hint": error.hint}
        await self._repository.set_state(document.id, "failed", unless="cancelled", error=body)
        log.warning("document %s could not be imported: %s", document.id, error)
        self._tell(document, "failed")

    async def _put_off(self, document: DocumentRow, error: KaikouError) -> None:
        self.waiting[document.id] = str(error)
        self._tell(document, document.state)

    def _tell(self, document: DocumentRow, state: State) -> None:
        self._on_change(
            base=document.base_id,
            document=document.id,
            state=state,
            progress=self.progress.get(document.id),
            waiting=self.waiting.get(document.id, ""),
        )


_PASSING = frozenset({"model_unavailable", "database_unavailable", "engine_failed"})
