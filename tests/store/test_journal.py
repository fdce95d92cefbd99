"""The journal: nothing lost in order, nothing waited for, every loss reported."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace

import pytest
from sqlalchemy import text

from kaikou.errors import NotFound
from kaikou.store.blobs import Blobs
from kaikou.store.conversations import ConversationRepository
from kaikou.store.database import Database, DatabaseUnavailable
from kaikou.store.entries import Entry, ItemChanged, ItemGone, ItemPut, TurnPut, apply_all, condensed
from kaikou.store.journal import Journal, JournalLoss
from kaikou.store.records import ItemRow, PartRow, StageRow, TurnRow, now


def said(item_id: str, words: str = "words", role: str = "user") -> ItemRow:
    return ItemRow(item_id, role=role, parts=(PartRow("audio", words),))


class Interrupted:
    """A database that is away while ``away`` is set."""

    def __init__(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        self.away = False
        self.tries = 0
        inner = database.write

        def write() -> object:
            self.tries += 1
            if self.away:
                raise DatabaseUnavailable("The database does not answer.")
            return inner()

        monkeypatch.setattr(database, "write", write)


@pytest.fixture
def losses() -> list[JournalLoss]:
    return []


@pytest.fixture
async def journal(database: Database, blobs: Blobs, losses: list[JournalLoss]) -> AsyncIterator[Journal]:
    made = Journal(database, blobs, linger=0.0, on_loss=losses.append)
    made.start()
    yield made
    await made.stop()


async def test_a_conversation_is_written_and_taken_up_again(
    journal: Journal, losses: list[JournalLoss]
) -> None:
    journal.open("c", agent_id="partner", surface="realtime", config={"speed": 1.0})
    journal.item("c", said("a", "hello"), None)
    journal.item("c", said("b", "", "assistant"), "a")
    journal.item_updated("c", said("b", "hi there", "assistant"))
    journal.item("c", said("x"), "b")
    journal.item_deleted("c", "x")
    journal.audio("c", "a", b"RIFF", media_type="audio/wav", seconds=1.25)
    journal.turn("c", TurnRow("t", user_item_id="a", stages=(StageRow("first_audio", 0, 0.4),), total=0.4))
    journal.close("c")
    found = await journal.load("c")
    assert [(item.id, item.text, item.audio_seconds) for item in found.items] == [
        ("a", "hello", 1.25),
        ("b", "hi there", None),
    ]
    assert found.turns[0].stages[0].end == 0.4
    assert found.conversation.closed_at is not None
    journal.open("c", agent_id="partner", surface="chat")
    journal.item("c", said("d", "again"), "b")
    again = await journal.load("c")
    assert [item.id for item in again.items] == ["a", "b", "d"]
    assert (again.conversation.surface, again.conversation.closed_at) == ("chat", None)
    assert again.conversation.created_at == found.conversation.created_at
    assert losses == []


async def test_an_unknown_conversation_is_not_found(journal: Journal) -> None:
    with pytest.raises(NotFound):
        await journal.load("nobody")


async def test_an_orderly_stop_loses_nothing(database: Database, blobs: Blobs) -> None:
    journal = Journal(database, blobs, batch=7)
    journal.start()
    journal.open("c")
    previous = None
    for number in range(100):
        journal.item("c", said(f"i{number}"), previous)
        previous = f"i{number}"
    assert await journal.stop() == 0
    stored = await ConversationRepository(database, blobs).get("c")
    assert [item.id for item in stored.items] == [f"i{number}" for number in range(100)]
    assert journal.health().ok


async def test_many_entries_share_a_transaction(
    database: Database, blobs: Blobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = Interrupted(database, monkeypatch)
    journal = Journal(database, blobs)
    journal.start()
    journal.open("c")
    for number in range(50):
        journal.item("c", said(f"i{number}"), None)
    await journal.stop()
    assert counted.tries == 1


async def test_an_outage_is_waited_out(
    database: Database, journal: Journal, losses: list[JournalLoss], monkeypatch: pytest.MonkeyPatch
) -> None:
    outage = Interrupted(database, monkeypatch)
    outage.away = True
    journal.open("c")
    journal.item("c", said("a"), None)
    with pytest.raises(DatabaseUnavailable):
        await journal.flush(within=0.3)
    health = journal.health()
    assert (health.waiting, health.ok, bool(health.detail)) == (2, False, True)
    outage.away = False
    found = await journal.load("c")
    assert [item.id for item in found.items] == ["a"]
    assert outage.tries > 2
    assert journal.health().ok and losses == []


async def test_what_an_outage_outlasts_is_reported(
    database: Database, blobs: Blobs, losses: list[JournalLoss], monkeypatch: pytest.MonkeyPatch
) -> None:
    Interrupted(database, monkeypatch).away = True
    journal = Journal(database, blobs, on_loss=losses.append)
    journal.start()
    journal.open("c")
    journal.turn("c", TurnRow("t"))
    assert await journal.stop(within=0.3) == 2
    assert [(loss.conversation_id, loss.what) for loss in losses] == [("c", "opening"), ("c", "turn")]
    assert journal.health().lost == 2


async def test_the_queue_is_bounded_and_says_so(
    database: Database, blobs: Blobs, losses: list[JournalLoss]
) -> None:
    journal = Journal(database, blobs, max_entries=3, max_bytes=10, on_loss=losses.append)
    journal.open("c")
    journal.item("c", said("a"), None)
    journal.audio("c", "a", b"x" * 11)
    assert [loss.what for loss in losses] == ["recording"]
    journal.audio("c", "a", b"x" * 10)
    journal.close("c")
    assert [(loss.what, loss.reason) for loss in losses[1:]] == [("close", "the journal is full")]
    journal.start()
    await journal.flush()
    journal.close("c")
    assert await journal.stop() == 0
    journal.close("c")
    assert losses[-1].reason == "the journal has stopped"
    assert len(losses) == 3


async def test_one_bad_entry_costs_only_itself(
    journal: Journal, losses: list[JournalLoss], caplog: pytest.LogCaptureFixture
) -> None:
    journal.open("c")
    journal.item("c", said("a"), None)
    journal.item("c", ItemRow("bad", status=object()), "a")  # type: ignore[arg-type]
    journal.item("c", said("b"), "a")
    found = await journal.load("c")
    assert [item.id for item in found.items] == ["a", "b"]
    assert [(loss.conversation_id, loss.what) for loss in losses] == [("c", "item")]
    assert "not written down: item of c" in caplog.text


async def test_a_conversation_deleted_while_it_is_live_stays_deleted(
    database: Database, blobs: Blobs, journal: Journal, losses: list[JournalLoss]
) -> None:
    stored = ConversationRepository(database, blobs)
    journal.open("c")
    journal.item("c", said("a"), None)
    await journal.flush()
    await stored.delete(["c"])
    journal.item("c", said("b"), "a")
    with pytest.raises(NotFound):
        await journal.load("c")
    await stored.purge(now())
    journal.audio("c", "b", b"recording")
    journal.turn("c", TurnRow("t"))
    with pytest.raises(NotFound):
        await journal.load("c")
    assert not [path for path in blobs.folder.rglob("*") if path.is_file()]
    assert losses == []


async def test_a_recording_goes_with_its_item(blobs: Blobs, journal: Journal) -> None:
    journal.open("c")
    journal.item("c", said("a"), None)
    journal.audio("c", "a", b"first")
    journal.audio("c", "a", b"second")
    await journal.flush()
    assert [path.read_bytes() for path in blobs.folder.rglob("*") if path.is_file()] == [b"second"]
    journal.item_deleted("c", "a")
    journal.audio("c", "a", b"third")
    await journal.flush()
    assert not [path for path in blobs.folder.rglob("*") if path.is_file()]


async def test_conversations_do_not_mix(journal: Journal) -> None:
    for number in range(5):
        journal.open(f"c{number}")
    for item in range(10):
        for number in range(5):
            journal.item(f"c{number}", said(f"i{item}", f"{number}-{item}"), f"i{item - 1}" if item else None)
    for number in range(5):
        found = await journal.load(f"c{number}")
        assert [item.text for item in found.items] == [f"{number}-{item}" for item in range(10)]


async def test_calls_do_not_wait_for_the_database(
    database: Database, blobs: Blobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loop never turns while entries are put, so nothing was awaited or written in between."""
    journal = Journal(database, blobs, linger=0.0)
    journal.start()
    turned = False

    def note() -> None:
        nonlocal turned
        turned = True

    asyncio.get_running_loop().call_soon(note)
    journal.open("c")
    for number in range(200):
        journal.item("c", said(f"i{number}"), None)
    assert not turned
    assert journal.health().waiting == 201
    await journal.stop()


async def test_the_database_fails_in_the_middle_of_a_batch(
    database: Database, journal: Journal, losses: list[JournalLoss], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch that failed half-way is rolled back and written whole, once."""
    left = 1
    apply: Callable[..., object] = Entry.apply

    async def fails_once(self: Entry, connection: object) -> set[str]:
        nonlocal left
        if left:
            left -= 1
            raise DatabaseUnavailable("The database does not answer.")
        return set()

    monkeypatch.setattr("kaikou.store.entries.Closed.apply", fails_once)
    assert apply is Entry.apply
    journal.open("c")
    journal.item("c", said("a"), None)
    journal.close("c")
    found = await journal.load("c")
    assert [item.id for item in found.items] == ["a"]
    async with database.read() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM items")) == 1
    assert losses == []


async def test_a_watcher_hears_what_each_transaction_changed(database: Database, blobs: Blobs) -> None:
    heard: list[Mapping[str, str]] = []
    journal = Journal(database, blobs, linger=0.0, on_written=heard.append)
    journal.start()
    journal.open("c")
    journal.item("c", said("a"), None)
    journal.item("x", said("a"), None)  # of a conversation that is not there
    await journal.flush()
    assert heard == [{"c": "created"}]
    journal.open("c")
    journal.item("c", said("b"), "a")
    await journal.flush()
    journal.close("c")
    await journal.stop()
    assert heard[1:] == [{"c": "updated"}, {"c": "closed"}]


def test_an_item_changed_before_it_is_written_is_written_once() -> None:
    first, second = said("a", "one"), said("a", "one two")
    entries = [
        ItemPut("c", first, None),
        ItemPut("c", said("b"), "a"),
        ItemChanged("c", second),
        ItemChanged("d", said("a", "elsewhere")),
        ItemGone("c", "b"),
        ItemChanged("c", said("b", "too late")),
    ]
    ready = condensed(entries)
    assert [(type(one).__name__, one.conversation_id) for one in ready] == [
        ("ItemPut", "c"),
        ("ItemPut", "c"),
        ("ItemChanged", "d"),
        ("ItemGone", "c"),
        ("ItemChanged", "c"),
    ]
    assert isinstance(ready[0], ItemPut)
    assert (ready[0].row.text, ready[0].row.created_at) == ("one two", first.created_at)


class Written:
    """What a conversation should hold after entries that were written one after the other."""

    def __init__(self) -> None:
        self.items: list[ItemRow] = []
        self.turns: dict[str, TurnRow] = {}
        self.title = ""

    def take(self, entry: Entry) -> None:
        ids = [item.id for item in self.items]
        match entry:
            case ItemPut(row=row) | ItemChanged(row=row) if row.id in ids:
                at = ids.index(row.id)
                self.items[at] = replace(row, created_at=self.items[at].created_at)
            case ItemPut(row=row, previous_id=None):
                self.items.insert(0, row)
            case ItemPut(row=row, previous_id=previous):
                self.items.insert(ids.index(previous) + 1 if previous in ids else len(ids), row)
            case ItemGone(item_id=item_id):
                self.items = [item for item in self.items if item.id != item_id]
            case TurnPut(row=row):
                first = self.turns.get(row.id, row)
                self.turns[row.id] = replace(row, created_at=first.created_at)
        if isinstance(entry, ItemPut | ItemChanged) and not self.title:
            self.title = next((entry.row.text for item in self.items if item.id == entry.row.id), "")


@pytest.mark.parametrize("seed", range(6))
async def test_many_entries_are_written_as_one_by_one(
    seed: int, journal: Journal, database: Database, losses: list[JournalLoss]
) -> None:
    chance = random.Random(seed)
    wanted = {one: Written() for one in ("c", "d", "e")}
    for one in wanted:
        journal.open(one)
    for batch in range(12):
        entries: list[Entry] = []
        for number in range(chance.randint(1, 12)):
            where, item_id = chance.choice("cde"), f"i{chance.randint(0, 14)}"
            words = f"{batch} {number}"
            previous = chance.choice([None, "nobody", *(f"i{at}" for at in range(15))])
            kind = chance.choices(["put", "change", "turn", "gone"], [6, 3, 3, batch % 3 == 0])[0]
            if kind == "put":
                entries.append(ItemPut(where, said(item_id, words), previous))
            elif kind == "change":
                entries.append(ItemChanged(where, said(item_id, words)))
            elif kind == "gone":
                entries.append(ItemGone(where, item_id))
            else:
                turn = TurnRow(f"t{chance.randint(0, 9)}", reply_id=words, total=1.0)
                entries.append(TurnPut(where, turn))
        entries = condensed(entries)
        for entry in entries:
            wanted[entry.conversation_id].take(entry)
        await journal.flush()
        async with database.write() as connection:
            await apply_all(connection, entries)
    for one, written in wanted.items():
        found = await journal.load(one)
        assert [item.id for item in found.items] == [item.id for item in written.items]
        assert list(found.items) == written.items
        assert {turn.id: turn for turn in found.turns} == written.turns
        assert found.conversation.title == written.title
    assert losses == []
