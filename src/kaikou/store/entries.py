"""What the journal may be told, one value a fact, and how each is written.

``apply`` runs inside the batch's transaction and returns the hashes of recordings that the entry
may have left without a reference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

from sqlalchemy.ext.asyncio import AsyncConnection

from kaikou.audio.encoding import encode
from kaikou.audio.pcm import Pcm
from kaikou.store import history
from kaikou.store.blobs import put_row
from kaikou.store.records import ConversationRow, ItemRow, TurnRow


@dataclass(frozen=True, slots=True)
class Entry:
    """A fact about one conversation."""

    what: ClassVar[str] = "entry"
    conversation_id: str

    @property
    def weight(self) -> int:
        """Bytes of audio it holds in memory."""
        return 0

    async def apply(self, connection: AsyncConnection) -> set[str]:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Opened(Entry):
    what: ClassVar[str] = "opening"
    row: ConversationRow

    async def apply(self, connection: AsyncConnection) -> set[str]:
        await history.put_conversation(connection, self.row)
        return set()


@dataclass(frozen=True, slots=True)
class ItemPut(Entry):
    what: ClassVar[str] = "item"
    row: ItemRow
    previous_id: str | None

    async def apply(self, connection: AsyncConnection) -> set[str]:
        await history.put_items(connection, [self.write])
        return set()

    @property
    def write(self) -> history.ItemWrite:
        return history.ItemWrite(self.conversation_id, self.row, self.previous_id)


@dataclass(frozen=True, slots=True)
class ItemChanged(Entry):
    what: ClassVar[str] = "change of an item"
    row: ItemRow

    async def apply(self, connection: AsyncConnection) -> set[str]:
        await history.put_items(connection, [self.write])
        return set()

    @property
    def write(self) -> history.ItemWrite:
        return history.ItemWrite(self.conversation_id, self.row, there=True)


@dataclass(frozen=True, slots=True)
class ItemGone(Entry):
    what: ClassVar[str] = "deletion of an item"
    item_id: str

    async def apply(self, connection: AsyncConnection) -> set[str]:
        audio = await history.delete_item(connection, self.conversation_id, self.item_id)
        return {audio} if audio else set()


@dataclass(frozen=True, slots=True)
class TurnPut(Entry):
    what: ClassVar[str] = "turn"
    row: TurnRow

    async def apply(self, connection: AsyncConnection) -> set[str]:
        await history.put_turns(connection, [(self.conversation_id, self.row)])
        return set()


@dataclass(frozen=True, slots=True)
class AudioPut(Entry):
    """A recording; its file is written, and ``digest`` and ``size`` known, before the transaction
    begins."""

    what: ClassVar[str] = "recording"
    item_id: str
    data: bytes | Pcm = field(repr=False)
    """Bytes of ``media_type``, or samples that the writer encodes as WAV."""
    media_type: str
    seconds: float | None
    digest: str = ""
    size: int = 0

    @property
    def weight(self) -> int:
        return len(self.data) if isinstance(self.data, bytes) else self.data.samples.nbytes

    def encoded(self) -> bytes:
        """What goes into the file; blocks while it encodes."""
        return self.data if isinstance(self.data, bytes) else encode(self.data, "wav")

    async def apply(self, connection: AsyncConnection) -> set[str]:
        await put_row(connection, self.digest, self.size, self.media_type)
        before = await history.set_audio(
            connection,
            self.conversation_id,
            self.item_id,
            digest=self.digest,
            media_type=self.media_type,
            seconds=self.seconds,
        )
        # Its own hash too: the item may be gone by now.
        return {self.digest, before} if before else {self.digest}


@dataclass(frozen=True, slots=True)
class Closed(Entry):
    what: ClassVar[str] = "close"

    async def apply(self, connection: AsyncConnection) -> set[str]:
        await history.close_conversation(connection, self.conversation_id)
        return set()


def condensed(entries: Sequence[Entry]) -> list[Entry]:
    """The same facts in fewer entries: of an item that is put and changed, or changed several times,
    only the last state is written, where its first entry stood."""
    ready: list[Entry] = []
    places: dict[tuple[str, str], int] = {}
    for entry in entries:
        if isinstance(entry, ItemGone):
            places.pop((entry.conversation_id, entry.item_id), None)
        elif isinstance(entry, ItemPut | ItemChanged):
            key = (entry.conversation_id, entry.row.id)
            at = places.get(key)
            if at is not None and isinstance(entry, ItemChanged):
                first = ready[at]
                assert isinstance(first, ItemPut | ItemChanged)
                ready[at] = replace(first, row=replace(entry.row, created_at=first.row.created_at))
                continue
            places[key] = len(ready)
        ready.append(entry)
    return ready


async def apply_all(connection: AsyncConnection, entries: Sequence[Entry]) -> set[str]:
    """Write condensed entries as ``apply`` would one by one, but all items, and all turns, by a few
    statements. Returns the hashes of recordings that may be without a reference."""
    loose: set[str] = set()
    if any(isinstance(entry, ItemGone) for entry in entries):
        # One that is put again after it was deleted must stay behind its deletion. Deletions are rare.
        for entry in entries:
            loose |= await entry.apply(connection)
        return loose
    for entry in entries:
        if isinstance(entry, Opened | Closed):
            await entry.apply(connection)
    writes = [entry.write for entry in entries if isinstance(entry, ItemPut | ItemChanged)]
    await history.put_items(connection, writes)
    turns = [(entry.conversation_id, entry.row) for entry in entries if isinstance(entry, TurnPut)]
    await history.put_turns(connection, turns)
    for entry in entries:
        if isinstance(entry, AudioPut):
            loose |= await entry.apply(connection)
    return loose
