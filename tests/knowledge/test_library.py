"""Import, search, undo and restart, on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from knowledge.conftest import MakeRoom, Room

from kaikou.errors import EngineFailed, InvalidInput, LimitReached, ModelUnavailable, NotFound, NotReady
from kaikou.store.records import now

KETTLE = (
    "# Kettle\n\n## Care\nDescale the kettle with vinegar once a month.\n\n## Warranty\nIt lasts two years.\n"
)
FERRY = "# 渡船\n\n## 时刻\n夏天渡船每两小时一班，末班是晚上九点。\n\n## 票价\n成人票十二元，儿童半价。\n"


async def test_what_was_imported_is_found_with_its_place(room: Room) -> None:
    base = await room.knowledge.create("Home", "manuals")
    kettle = await room.add(base.id, "kettle.md", KETTLE)
    await room.add(base.id, "渡船.md", FERRY)
    assert (kettle.state, kettle.title, kettle.passages, kettle.error) == ("ready", "Kettle", 2, None)
    found = await room.knowledge.search("How do I descale a kettle with vinegar?", bases=[base.id], limit=2)
    first = found.found[0]
    assert first.text == "Descale the kettle with vinegar once a month."
    assert (first.document_title, str(first.location)) == ("Kettle", "Kettle › Care")
    assert first.words_rank == 1 and first.similarity is not None and not found.without_meaning
    assert (await room.found("成人票多少钱", base.id))[0] == "成人票十二元，儿童半价。"
    held = (await room.knowledge.bases())[0]
    assert (held.documents, held.passages) == (2, 4)
    states = [one["state"] for one in room.told if one.get("document") == kettle.id]
    assert list(dict.fromkeys(states)) == ["queued", "reading", "embedding", "ready"]


async def test_bases_are_searched_together_and_apart(room: Room) -> None:
    one, two = await room.knowledge.create("One"), await room.knowledge.create("Two")
    await room.add(one.id, "a.md", KETTLE)
    await room.add(two.id, "b.md", FERRY)
    both = await room.knowledge.search("vinegar 渡船", bases=[one.id, two.id], limit=10)
    assert {passage.base_id for passage in both} == {one.id, two.id}
    assert {passage.base_id for passage in await room.knowledge.search("vinegar", bases=[two.id])} == {two.id}
    with pytest.raises(NotFound):
        await room.knowledge.search("x", bases=[one.id, "kb_none"])
    for query, code in (("  ", "empty_search"), ("x" * 3000, "query_too_long")):
        with pytest.raises(InvalidInput) as told:
            await room.knowledge.search(query, bases=[one.id])
        assert told.value.code == code


async def test_the_same_file_twice_is_one_document(room: Room) -> None:
    base = await room.knowledge.create("Home")
    first = await room.add(base.id, "kettle.md", KETTLE)
    again = await room.knowledge.add(base.id, "copy.md", KETTLE.encode())
    assert again.known and again.document.id == first.id
    await room.knowledge.delete_document(first.id)
    assert await room.found("vinegar", base.id) == []
    back = await room.knowledge.add(base.id, "kettle.md", KETTLE.encode())
    assert back.known and back.document.id == first.id
    assert await room.found("vinegar", base.id) != []
    elsewhere = await room.knowledge.create("Other")
    assert not (await room.knowledge.add(elsewhere.id, "kettle.md", KETTLE.encode())).known


async def test_what_is_thrown_away_comes_back_until_it_is_purged(room: Room) -> None:
    base = await room.knowledge.create("Home")
    kettle = await room.add(base.id, "kettle.md", KETTLE)
    ferry = await room.add(base.id, "ferry.md", FERRY)
    await room.knowledge.delete(base.id)
    with pytest.raises(NotFound):
        await room.knowledge.document(kettle.id)
    assert await room.knowledge.bases() == ()
    assert (await room.knowledge.restore(base.id)).documents == 2
    await room.knowledge.delete_document(kettle.id)
    await room.repository.purge(now() - timedelta(seconds=60))
    await room.knowledge.restore_document(kettle.id)
    await room.knowledge.delete_document(kettle.id)
    assert await room.repository.purge(now() + timedelta(seconds=1)) == (kettle.id,)
    with pytest.raises(NotFound):
        await room.knowledge.restore_document(kettle.id)
    files = list(room.repository.blobs.folder.glob("??/*"))
    assert [path.name for path in files] == [ferry.file], "the original went with it"
    await room.knowledge.delete(base.id)
    assert set(await room.repository.purge(now() + timedelta(seconds=1))) == {base.id, ferry.id}
    with pytest.raises(NotFound):
        await room.knowledge.restore(base.id)


async def test_a_document_that_cannot_be_read_says_why_and_stops_nobody(room: Room) -> None:
    base = await room.knowledge.create("Home")
    broken = await room.knowledge.add(base.id, "book.epub", b"PK\x03\x04 not a zip")
    good = await room.add(base.id, "kettle.md", KETTLE)
    assert good.state == "ready"
    failed = await room.until(broken.document.id, "failed")
    assert failed.error is not None and failed.error["code"] == "document_damaged" and failed.error["hint"]
    with pytest.raises(InvalidInput):
        await room.knowledge.add(base.id, "a.png", b"\x89PNG")


async def test_limits_on_documents_and_passages(make: MakeRoom) -> None:
    room = make(knowledge={"max_documents": 2, "max_passages": 3})
    base = await room.knowledge.create("Small")
    assert (await room.add(base.id, "kettle.md", KETTLE)).state == "ready"
    full = await room.add(base.id, "ferry.md", FERRY)
    assert full.error is not None and full.error["code"] == "knowledge_base_full"
    with pytest.raises(LimitReached):
        await room.knowledge.add(base.id, "third.txt", b"third")


async def test_an_import_is_cancelled_and_tried_again(room: Room) -> None:
    base = await room.knowledge.create("Home")
    room.embedder.open.clear()
    added = (await room.knowledge.add(base.id, "kettle.md", KETTLE.encode())).document
    await asyncio.wait_for(room.embedder.asked.wait(), 60)
    assert (await room.knowledge.cancel(added.id)).state == "cancelled"
    room.embedder.open.set()
    other = await room.add(base.id, "ferry.md", FERRY)
    assert other.state == "ready"
    assert (await room.knowledge.document(added.id)).state == "cancelled"
    with pytest.raises(InvalidInput):
        await room.knowledge.cancel(added.id)
    await room.knowledge.retry(added.id)
    assert (await room.until(added.id, "ready")).passages == 2


async def test_a_stopped_server_goes_on_where_it_was(make: MakeRoom) -> None:
    first = make()
    base = await first.knowledge.create("Home")
    said = "Word{0} is what this part is about, and nothing else. "
    text = "\n\n".join(f"# Part {n}\n{said.format(n)}" for n in range(40))
    embed = first.embedder.embed

    async def twice_then_wait(texts, **more):  # type: ignore[no-untyped-def]
        if first.embedder.texts >= 32 * 2:
            first.embedder.open.clear()
        return await embed(texts, **more)

    first.embedder.embed = twice_then_wait  # type: ignore[method-assign]
    added = (await first.knowledge.add(base.id, "long.md", text.encode())).document
    async with asyncio.timeout(60):
        while first.embedder.open.is_set():
            await asyncio.sleep(0.01)
    await first.knowledge.stop()
    assert (await first.knowledge.document(added.id)).state == "embedding"
    second = make()
    assert (await second.until(added.id, "ready")).passages == 40
    assert second.embedder.texts == 8 * 2, "what was embedded before is kept"
    assert (await second.found("Word17 is what this part is about", base.id))[0].startswith("Word17")


async def test_a_server_finds_what_another_on_its_database_imported(make: MakeRoom) -> None:
    one, other = make(), make(start=False)
    base = await one.knowledge.create("Home")
    kettle = await one.add(base.id, "kettle.md", KETTLE)
    assert (await other.found("vinegar", base.id))[0].startswith("Descale")
    ferry = await one.add(base.id, "ferry.md", FERRY)
    found = await other.knowledge.search("渡船", bases=[base.id])
    assert found.found[0].document_id == ferry.id and found.found[0].similarity is not None
    await one.knowledge.delete_document(ferry.id)
    found = await other.knowledge.search("渡船", bases=[base.id])
    assert {passage.document_id for passage in found} <= {kettle.id}


async def test_servers_on_one_database_share_the_work_and_do_none_of_it_twice(make: MakeRoom) -> None:
    one, other = make(start=False), make(start=False)
    base = await one.knowledge.create("Home")
    ids = [
        (await one.knowledge.add(base.id, f"{n}.txt", f"Chapter{n} begins here.".encode())).document.id
        for n in range(6)
    ]
    for room in (one, other):
        room.knowledge.importer.look_again = 0.05
        room.embedder.open.clear()
        room.knowledge.start()
    async with asyncio.timeout(60):
        # Both are at work, each on a document of its own.
        await asyncio.gather(one.embedder.asked.wait(), other.embedder.asked.wait())
    for room in (one, other):
        room.embedder.open.set()
    async with asyncio.timeout(60):
        while {(await one.knowledge.document(id)).state for id in ids} != {"ready"}:
            await asyncio.sleep(0.02)
    alone = make()
    assert (await alone.add(base.id, "x.txt", "Chapter9 begins here.")).state == "ready"
    assert one.embedder.texts + other.embedder.texts == 6 * alone.embedder.texts


async def test_a_document_whose_file_another_server_has_is_left_to_it(make: MakeRoom, tmp_path: Path) -> None:
    one, other = make(start=False), make(start=False)
    base = await one.knowledge.create("Home")
    added = (await one.knowledge.add(base.id, "kettle.md", KETTLE.encode())).document
    other.repository.blobs.folder = tmp_path / "other"
    other.knowledge.importer.look_again = 0.02
    other.knowledge.start()
    await asyncio.sleep(0.2)
    assert (await one.knowledge.document(added.id)).state == "queued"
    one.knowledge.importer.look_again = 0.02
    one.knowledge.start()
    assert (await one.until(added.id, "ready", "failed")).state == "ready"


async def test_another_model_embeds_anew_while_words_go_on_finding(make: MakeRoom) -> None:
    first = make()
    base = await first.knowledge.create("Home")
    kettle = await first.add(base.id, "kettle.md", KETTLE)
    await first.knowledge.stop()
    second = make(start=False)
    second.embedder.version = 2
    found = await second.knowledge.search("vinegar", bases=[base.id])
    assert found.found[0].similarity is None and found.found[0].words_rank == 1
    second.knowledge.start()
    async with asyncio.timeout(60):
        while found.found[0].similarity is None:
            await asyncio.sleep(0.01)
            found = await second.knowledge.search("vinegar", bases=[base.id])
    assert second.embedder.texts == kettle.passages * 2, "each once"


async def test_without_an_embedder_words_decide_and_the_import_waits(room: Room) -> None:
    base = await room.knowledge.create("Home")
    await room.add(base.id, "kettle.md", KETTLE)
    room.missing = NotReady("It is being loaded.")
    found = await room.knowledge.search("vinegar", bases=[base.id])
    assert found.without_meaning == "It is being loaded." and found.found[0].text.startswith("Descale")
    room.missing = ModelUnavailable("No network.")
    ferry = (await room.knowledge.add(base.id, "ferry.md", FERRY.encode())).document
    async with asyncio.timeout(60):
        while not room.knowledge.importer.waiting.get(ferry.id):
            await asyncio.sleep(0.01)
    assert (await room.knowledge.document(ferry.id)).state == "embedding"
    room.missing = None
    await room.until(ferry.id, "ready")
    room.embedder.error = EngineFailed("Broken.")
    failing = await room.knowledge.search("vinegar", bases=[base.id])
    assert failing.without_meaning == "Broken." and len(failing) > 0


async def test_names_are_checked(room: Room) -> None:
    for name in ("", " ", "x" * 101):
        with pytest.raises(InvalidInput):
            await room.knowledge.create(name)
    base = await room.knowledge.create("  A   name ")
    assert base.name == "A name"
    assert (await room.knowledge.change(base.id, description="d")).name == "A name"
    added = await room.knowledge.add(base.id, "../../etc/pass\x00wd.txt", b"words")
    assert added.document.file_name == "passwd.txt"
