"""List, search, read, rename and delete, on both databases."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncConnection

from kaikou.errors import InvalidInput, NotFound
from kaikou.store import history
from kaikou.store.blobs import Blobs, put_row
from kaikou.store.conversations import ConversationRepository, snippet
from kaikou.store.database import Database, DatabaseUnavailable
from kaikou.store.history import ItemWrite
from kaikou.store.purge import Purge
from kaikou.store.records import ConversationRow, ItemRow, PartRow, StageRow, TurnRow, now


def said(item_id: str, text: str, role: str = "user") -> ItemRow:
    return ItemRow(item_id, role=role, parts=(PartRow("audio", text),))


async def put(connection: AsyncConnection, conversation_id: str, row: ItemRow, previous: str | None) -> None:
    await history.put_items(connection, [ItemWrite(conversation_id, row, previous)])


async def fill(database: Database, conversation_id: str, *texts: str, agent_id: str | None = None) -> None:
    async with database.write() as connection:
        await history.put_conversation(connection, ConversationRow(conversation_id, agent_id=agent_id))
        previous = None
        for number, text in enumerate(texts):
            role = "assistant" if number % 2 else "user"
            await put(connection, conversation_id, said(f"i{number}", text, role), previous)
            previous = f"i{number}"


@pytest.fixture
def stored(database: Database, blobs: Blobs) -> ConversationRepository:
    return ConversationRepository(database, blobs)


async def texts_of(stored: ConversationRepository, conversation_id: str) -> list[str]:
    return [item.text for item in (await stored.get(conversation_id)).items]


async def test_a_conversation_comes_back_as_it_was(
    database: Database, stored: ConversationRepository
) -> None:
    turn = TurnRow(
        "t",
        reply_id="r",
        user_item_id="i0",
        reply_item_id="i1",
        stages=(StageRow("end_of_turn", 0.0, 0.2, 0.01), StageRow("first_audio", -0.1, 0.5)),
        total=0.5,
        speculations=2,
        engines={"llm": "llama"},
    )
    call = ItemRow("f", kind="function_call", call_id="c", name="clock", arguments="{}", status="in_progress")
    picture = ItemRow("p", role="user", parts=(PartRow("image", url="data:,x"), PartRow("audio", None)))
    about = ConversationRow(
        "c", agent_id="partner", surface="realtime", config={"tools": ["a"], "speed": 1.5}
    )
    async with database.write() as connection:
        await history.put_conversation(connection, about)
        for row, previous in ((call, None), (picture, "f")):
            await put(connection, "c", row, previous)
        await history.put_turns(connection, [("c", turn)])
    found = await stored.get("c")
    assert found.items == (call, picture)
    assert found.turns == (turn,)
    assert (found.conversation.config, found.conversation.item_count) == (about.config, 2)
    assert found.conversation.created_at == about.created_at


async def test_items_stand_where_they_were_put(database: Database, stored: ConversationRepository) -> None:
    await fill(database, "c", "a", "b", "c")
    async with database.write() as connection:
        await put(connection, "c", said("head", "first"), None)
        await put(connection, "c", said("mid", "between"), "i0")
        await put(connection, "c", said("end", "last"), "nobody")
    assert await texts_of(stored, "c") == ["first", "a", "between", "b", "c", "last"]


async def test_putting_an_item_again_changes_it_in_place(
    database: Database, stored: ConversationRepository
) -> None:
    await fill(database, "c", "a", "b")
    async with database.write() as connection:
        await put(connection, "c", said("i0", "A, heard"), None)
        there = [said("i1", "B, cut", "assistant"), said("gone", "never")]
        await history.put_items(connection, [ItemWrite("c", row, there=True) for row in there])
    assert await texts_of(stored, "c") == ["A, heard", "B, cut"]


async def test_the_first_words_are_the_title(database: Database, stored: ConversationRepository) -> None:
    await fill(database, "c", "  你好，\n 世界  " + "很" * 100, "hello")
    title = (await stored.get("c")).conversation.title
    assert title.startswith("你好， 世界 很") and title.endswith("…") and len(title) <= 80
    await stored.rename("c", "  A new\tname ")
    async with database.write() as connection:
        await put(connection, "c", said("x", "other words"), "i1")
    assert (await stored.get("c")).conversation.title == "A new name"
    await fill(database, "e", "## A plan\n\n- **early** `train_2`, 2 * 3\n```python\nx")
    assert (await stored.get("e")).conversation.title == "A plan early train_2 , 2 * 3 x"
    await fill(database, "d")
    async with database.write() as connection:
        await put(connection, "d", said("x", "not the user", "assistant"), None)
    assert (await stored.get("d")).conversation.title == ""


async def test_pages_hold_each_conversation_once(database: Database, stored: ConversationRepository) -> None:
    for number in range(7):
        await fill(database, f"c{number}", agent_id="a" if number % 2 else "b")
    seen, cursor = [], None
    for _ in range(10):
        page = await stored.page(limit=3, cursor=cursor)
        seen += [row.id for row in page.conversations]
        cursor = page.next
        if cursor is None:
            break
    assert seen == [f"c{number}" for number in reversed(range(7))]
    assert [row.id for row in (await stored.page(agent_id="a")).conversations] == ["c5", "c3", "c1"]


async def test_conversations_of_a_device(database: Database, stored: ConversationRepository) -> None:
    async with database.write() as connection:
        for number, device in enumerate(["aa:bb", None, "aa:bb", "aa:bc"]):
            config = {"speed": 1.0} if device is None else {"device_id": device}
            await history.put_conversation(connection, ConversationRow(f"c{number}", config=config))
    found = await stored.page(device_id="aa:bb")
    assert {row.id for row in found.conversations} == {"c0", "c2"}
    assert (await stored.page(device_id="' or 1=1 --")).conversations == ()


@pytest.mark.parametrize(
    "cursor", ["x", "W10=", "e30=", "WyJhIiwgImIiXQ==", "WyIyMDI2LTAxLTAxIiwgMV0=", "中文"]
)
async def test_a_made_up_cursor_is_refused(stored: ConversationRepository, cursor: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await stored.page(cursor=cursor)
    assert caught.value.code == "invalid_cursor"


async def test_search_finds_parts_of_words_in_any_script(
    database: Database, stored: ConversationRepository
) -> None:
    await fill(database, "zh", "今天的天气真好", "是的，很适合散步。")
    await fill(database, "en", "What about Ｃｏｆｆｅｅ?", "I prefer GREEN tea, 100% of the time_")
    await fill(database, "none", "nothing of it")

    async def found(query: str) -> list[tuple[str, str | None]]:
        hits, _ = await stored.search(query)
        return [(hit.conversation.id, hit.item_id) for hit in hits]

    assert await found("天气") == [("zh", "i0")]
    assert await found("散步") == [("zh", "i1")]
    assert await found("coffee") == [("en", "i0")]
    assert await found("tea green") == [("en", "i1")]
    assert await found("100%") == [("en", "i1")]
    assert await found("time_") == [("en", "i1")]
    assert await found("100_") == []
    assert await found("coffee tea") == []
    assert await found("\\") == []
    with pytest.raises(InvalidInput):
        await stored.search("   ")


async def test_search_finds_titles_and_gives_pages(
    database: Database, stored: ConversationRepository
) -> None:
    for number in range(5):
        await fill(database, f"c{number}", "same words", "again the same words")
    await fill(database, "titled", "something else")
    await stored.rename("titled", "On Gardening")
    hits, _ = await stored.search("garden")
    assert [(hit.conversation.id, hit.item_id, hit.snippet) for hit in hits] == [
        ("titled", None, "On Gardening")
    ]
    first, cursor = await stored.search("same", limit=3)
    rest, end = await stored.search("same", limit=3, cursor=cursor)
    assert [hit.conversation.id for hit in (*first, *rest)] == ["c4", "c3", "c2", "c1", "c0"]
    assert {hit.item_id for hit in first} == {"i0"}
    assert end is None


@given(st.text(max_size=200), st.text(min_size=1, max_size=5))
def test_a_snippet_is_part_of_the_text(text: str, word: str) -> None:
    found = snippet(text, history.folded(word))
    assert found.removeprefix("…").removesuffix("…") in text or "…" in text


def test_a_snippet_shows_the_word() -> None:
    text = "a" * 300 + " Straße " + "b" * 300
    found = snippet(text, "strasse")
    assert "Straße" in found and found.startswith("…") and found.endswith("…") and len(found) < 150


async def test_deleting_takes_everything_but_shared_recordings(
    database: Database, blobs: Blobs, stored: ConversationRepository
) -> None:
    own, shared = await blobs.write(b"own"), await blobs.write(b"shared")
    for conversation_id in ("c", "d"):
        await fill(database, conversation_id, "a", "b")
    async with database.write() as connection:
        for digest in (own, shared):
            await put_row(connection, digest, 3, "audio/wav")
        for conversation_id, item_id, digest in (("c", "i0", own), ("c", "i1", shared), ("d", "i0", shared)):
            await history.set_audio(
                connection, conversation_id, item_id, digest=digest, media_type="audio/wav", seconds=1.5
            )
    assert await stored.audio("c", "i0") == (b"own", "audio/wav")
    assert await stored.delete(["c", "x"]) == ("c",)
    with pytest.raises(NotFound):
        await stored.get("c")
    with pytest.raises(NotFound):
        await stored.audio("c", "i0")
    assert await stored.purge(now()) == ("c",)
    with pytest.raises(NotFound):
        await blobs.read(own)
    assert await stored.audio("d", "i0") == (b"shared", "audio/wav")
    await stored.delete(["d"])
    await stored.purge(now())
    assert not [path for path in blobs.folder.rglob("*") if path.is_file()]


async def test_what_is_not_there_is_not_found(database: Database, stored: ConversationRepository) -> None:
    assert await stored.delete(["x"]) == () == await stored.restore(["x"])
    for call in (
        stored.get("x"),
        stored.rename("x", "t"),
        stored.audio("x", "y"),
        stored.delete_item("x", "y"),
    ):
        with pytest.raises(NotFound):
            await call
    await fill(database, "c", "a")
    with pytest.raises(NotFound):
        await stored.audio("c", "i0")
    for title in ("", "  ", "x" * 201):
        with pytest.raises(InvalidInput):
            await stored.rename("c", title)


async def test_what_was_thrown_away_comes_back_until_it_is_purged(
    database: Database, stored: ConversationRepository
) -> None:
    for conversation_id in ("c", "d"):
        await fill(database, conversation_id, "one", "two")
    before = await stored.get("c")
    assert await stored.delete(["c"]) == ("c",) and await stored.delete(["c"]) == ()
    assert [row.id for row in (await stored.page()).conversations] == ["d"]
    assert [hit.conversation.id for hit in (await stored.search("one"))[0]] == ["d"]
    with pytest.raises(NotFound):
        await stored.rename("c", "title")
    # One that was thrown away just now is not due.
    assert await stored.purge(now() - timedelta(seconds=60)) == ()
    assert await stored.restore(["c", "d"]) == ("c",)
    assert await stored.get("c") == before
    await stored.delete(["c"])
    assert await Purge(stored, keep=0.0).once() == ("c",)
    assert await stored.restore(["c"]) == ()


async def test_one_item_is_deleted_with_its_recording(
    database: Database, blobs: Blobs, stored: ConversationRepository
) -> None:
    await fill(database, "c", "a", "b")
    digest = await blobs.write(b"own")
    async with database.write() as connection:
        await put_row(connection, digest, 3, "audio/wav")
        await history.set_audio(connection, "c", "i0", digest=digest, media_type="audio/wav", seconds=1.0)
    await stored.delete_item("c", "i0")
    assert [item.id for item in (await stored.get("c")).items] == ["i1"]
    with pytest.raises(NotFound):
        await blobs.read(digest)
    with pytest.raises(NotFound):
        await stored.delete_item("c", "i0")


async def test_a_purge_that_fails_is_tried_again(stored: ConversationRepository) -> None:
    tried: list[str] = []

    class Failing(ConversationRepository):
        async def purge(self, before: datetime) -> tuple[str, ...]:
            tried.append("")
            raise DatabaseUnavailable("away")

    purge = Purge(Failing(stored.database, stored.blobs), keep=0.0, interval=0.0)
    purge.start()
    async with asyncio.timeout(5):
        while len(tried) < 2:
            await asyncio.sleep(0.01)
    await purge.stop()
