"""The journal: what live conversations say is written down behind their backs.

Every call is a plain one that returns at once: it puts an entry into a bounded queue. One task
writes the entries in order, many in one transaction. An entry leaves the queue only when it is
committed (or can never be), so an orderly :meth:`Journal.stop` loses nothing, and a database that
is away for a while costs nothing but memory up to the bound. Whatever is lost is reported.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Literal

from sqlalchemy import select

from kaikou.audio.pcm import Pcm
from kaikou.store import blobs as blob_rows
from kaikou.store import history
from kaikou.store.blobs import Blobs
from kaikou.store.conversations import ConversationRepository
from kaikou.store.database import Database, DatabaseUnavailable
from kaikou.store.entries import (
    AudioPut,
    Closed,
    Entry,
    ItemChanged,
    ItemGone,
    ItemPut,
    Opened,
    TurnPut,
    apply_all,
    condensed,
)
from kaikou.store.records import ConversationRow, ItemRow, StoredConversation, TurnRow
from kaikou.store.tables import conversations

log = logging.getLogger(__name__)

Change = Literal["created", "updated", "closed"]


@dataclass(frozen=True, slots=True)
class JournalLoss:
    """Something that could not be written down."""

    conversation_id: str
    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class JournalHealth:
    """How the journal is doing: ``waiting`` entries, and what was ``lost`` since the start."""

    waiting: int
    lost: int
    detail: str = ""

    @property
    def ok(self) -> bool:
        return not self.detail and not self.lost


class Journal:
    """Writes behind. All methods but ``start``, ``flush``, ``stop`` and ``load`` return at once;
    call them on the event loop."""

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        *,
        max_entries: int = 20_000,
        max_bytes: int = 128 * 1024 * 1024,
        batch: int = 256,
        linger: float = 0.25,
        apart: float = 1.0,
        on_loss: Callable[[JournalLoss], None] | None = None,
        on_written: Callable[[Mapping[str, Change]], None] | None = None,
    ) -> None:
        """``max_bytes`` bounds queued recordings. An entry waits ``linger`` seconds for others to share its
        transaction; where much is said, transactions begin ``apart`` seconds apart, and many
        conversations share one. Who flushes waits for neither. ``on_written`` hears, on the event loop,
        what each transaction changed."""
        self._database, self._blobs = database, blobs
        self._stored = ConversationRepository(database, blobs)
        self._max_entries, self._max_bytes = max_entries, max_bytes
        self._batch, self._linger, self._apart = batch, linger, apart
        self._began = 0.0
        self._on_loss = on_loss
        self._on_written = on_written
        self._queue: deque[Entry] = deque()
        self._bytes = 0
        self._accepted = self._settled = self._lost = 0
        self._trouble = ""
        self._hurry = asyncio.Event()
        self._stopping = False
        self._changed = asyncio.Event()
        self._progress = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None

    # -- what live conversations call

    def open(
        self,
        conversation_id: str,
        *,
        agent_id: str | None = None,
        surface: str = "",
        config: Mapping[str, Any] | None = None,
    ) -> None:
        """A conversation begins, or is taken up again. ``config`` holds JSON values only."""
        row = ConversationRow(conversation_id, agent_id=agent_id, surface=surface, config=dict(config or {}))
        self._put(Opened(conversation_id, row))

    def item(self, conversation_id: str, row: ItemRow, previous_id: str | None) -> None:
        """An item enters the history after ``previous_id`` (None: at its head)."""
        self._put(ItemPut(conversation_id, row, previous_id))

    def item_updated(self, conversation_id: str, row: ItemRow) -> None:
        """An item changed: transcript known, cut to what was heard, completed."""
        self._put(ItemChanged(conversation_id, row))

    def item_deleted(self, conversation_id: str, item_id: str) -> None:
        self._put(ItemGone(conversation_id, item_id))

    def turn(self, conversation_id: str, row: TurnRow) -> None:
        """A turn ended, with its waterfall."""
        self._put(TurnPut(conversation_id, row))

    def audio(
        self,
        conversation_id: str,
        item_id: str,
        data: bytes | Pcm,
        *,
        media_type: str = "audio/wav",
        seconds: float | None = None,
    ) -> None:
        """The recording of an item that was put before; samples become a WAV file, off the loop."""
        self._put(AudioPut(conversation_id, item_id, data, media_type, seconds))

    def close(self, conversation_id: str) -> None:
        """The live session ended; the conversation may be taken up again later."""
        self._put(Closed(conversation_id))

    async def load(self, conversation_id: str) -> StoredConversation:
        """A stored conversation with everything said so far. NotFound ``conversation_not_found``."""
        await self.flush()
        return await self._stored.get(conversation_id)

    # -- its life

    def start(self) -> None:
        """Begin to write; the owner must ``stop`` it."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="journal")

    async def flush(self, within: float = 10.0) -> None:
        """Wait until everything said before this call is written (or lost and reported).
        DatabaseUnavailable where that takes longer than ``within`` seconds."""
        target = self._accepted
        self._hurry.set()
        self._changed.set()
        try:
            async with asyncio.timeout(within), self._progress:
                await self._progress.wait_for(lambda: self._settled >= target)
        except TimeoutError:
            raise DatabaseUnavailable(
                "The conversation is not written down yet.", hint=self._trouble or "Try again in a moment."
            ) from None

    async def stop(self, within: float = 15.0) -> int:
        """Write what is queued and end; refuses entries from now on. Returns how many entries could
        not be written ``within`` seconds (each is reported)."""
        self._stopping = True
        self._hurry.set()
        self._changed.set()
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=within)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        left = len(self._queue)
        for entry in list(self._queue):
            self._lose(entry, "the server stopped before the database answered")
        self._queue.clear()
        return left

    def health(self) -> JournalHealth:
        return JournalHealth(len(self._queue), self._lost, self._trouble)

    # -- the queue

    def _put(self, entry: Entry) -> None:
        full = len(self._queue) >= self._max_entries or self._bytes + entry.weight > self._max_bytes
        if self._stopping or full:
            self._lose(entry, "the journal has stopped" if self._stopping else "the journal is full")
            return
        self._queue.append(entry)
        self._bytes += entry.weight
        self._accepted += 1
        self._changed.set()

    def _lose(self, entry: Entry, reason: str) -> None:
        self._lost += 1
        log.error("not written down: %s of %s: %s", entry.what, entry.conversation_id, reason)
        if self._on_loss is not None:
            self._on_loss(JournalLoss(entry.conversation_id, entry.what, reason))

    # -- the writer

    async def _run(self) -> None:
        await self._tidy()
        while True:
            await self._changed.wait()
            await self._gather()
            self._changed.clear()
            while self._queue:
                await self._write_next()
            if self._stopping:
                return
            self._hurry.clear()

    async def _gather(self) -> None:
        """Let entries come together, unless somebody waits for them."""
        loop = asyncio.get_running_loop()
        wait = max(self._linger, self._began + self._apart - loop.time())
        if not self._hurry.is_set():
            await asyncio.wait({hurried := asyncio.ensure_future(self._hurry.wait())}, timeout=wait)
            hurried.cancel()
        self._began = loop.time()

    async def _tidy(self) -> None:
        """Recordings that a crash left without a row are nobody's: delete them."""
        try:
            if count := await blob_rows.sweep(self._database, self._blobs):
                log.info("deleted %d recordings that a crash had left", count)
        except (DatabaseUnavailable, OSError) as error:
            log.warning("the recordings were not tidied: %s", error)

    async def _write_next(self) -> None:
        """One transaction; entries that the database refuses are written one by one."""
        entries = list(islice(self._queue, self._batch))
        try:
            await self._write_patiently(entries)
        except Exception as error:  # noqa: BLE001 - one bad entry must not end the journal; it is reported
            if len(entries) > 1:
                for entry in entries:
                    await self._write_alone(entry)
                return
            self._lose(entries[0], type(error).__name__)
        await self._settle(len(entries))

    async def _write_alone(self, entry: Entry) -> None:
        try:
            await self._write_patiently([entry])
        except Exception as error:  # noqa: BLE001 - as above
            self._lose(entry, type(error).__name__)
        await self._settle(1)

    async def _write_patiently(self, entries: list[Entry]) -> None:
        """Waits out a database that is away; ``stop`` cancels the wait."""
        pause = 0.1
        while True:
            try:
                await self._write(entries)
            except DatabaseUnavailable as error:
                if not self._trouble:
                    log.warning("the journal waits: %s", error)
                self._trouble = str(error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)
            else:
                if self._trouble:
                    log.warning("the journal writes again")
                self._trouble = ""
                return

    async def _settle(self, count: int) -> None:
        for _ in range(count):
            self._bytes -= self._queue.popleft().weight
        self._settled += count
        async with self._progress:
            self._progress.notify_all()

    async def _filed(self, entry: AudioPut) -> AudioPut:
        data = await asyncio.to_thread(entry.encoded)
        return replace(entry, digest=await self._blobs.write(data), size=len(data))

    async def _write(self, entries: list[Entry]) -> None:
        async with self._blobs.lock:
            ready = [
                await self._filed(entry) if isinstance(entry, AudioPut) else entry
                for entry in condensed(entries)
            ]
            loose = {entry.digest for entry in ready if isinstance(entry, AudioPut)}
            async with self._database.write() as connection:
                ids = {entry.conversation_id for entry in ready}
                known = set(
                    (
                        await connection.execute(
                            select(conversations.c.id).where(conversations.c.id.in_(ids))
                        )
                    ).scalars()
                )
                changes: dict[str, Change] = {}
                for entry in ready:
                    _note(changes, entry, new=entry.conversation_id not in known)
                    if isinstance(entry, Opened):
                        known.add(entry.conversation_id)
                # A conversation that is not there was deleted while it was live: so be it.
                there = [entry for entry in ready if entry.conversation_id in known]
                loose |= await apply_all(connection, there)
                await history.touch(connection, ids & known)
                gone = await blob_rows.drop_unreferenced(connection, loose)
            await self._blobs.remove(gone)
        written = {one: change for one, change in changes.items() if one in known}
        if self._on_written is not None and written:
            try:
                self._on_written(written)
            except Exception:
                # Whoever watches must not make the journal write twice.
                log.exception("a watcher of the journal failed")


def _note(changes: dict[str, Change], entry: Entry, *, new: bool) -> None:
    """What the entry does to its conversation, together with those before it."""
    before = changes.get(entry.conversation_id)
    if isinstance(entry, Opened) and new:
        changes[entry.conversation_id] = "created"
    elif isinstance(entry, Closed):
        changes[entry.conversation_id] = "closed"
    elif before != "created":
        changes[entry.conversation_id] = "updated"
