"""``/api/memory`` through the whole application."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from test_server import running

SCRIPTED = {"embedding": {"engine": "scripted"}}


async def add(client: Any, text: str, **more: str) -> dict[str, Any]:
    made = await client.post("/api/memory", json={"agent_id": "bilingual", "text": text, **more})
    assert made.status_code == 201
    found: dict[str, Any] = made.json()
    return found


async def test_memories_are_seen_searched_corrected_and_taken_along(tmp_path: Path) -> None:
    async with running(tmp_path, **SCRIPTED) as server:
        client = server.client
        name = await add(client, "Her name is Anna.")
        await add(client, "She keeps bees.", who="aa:bb:cc:dd:ee:ff")
        assert (name["who"], name["module"], name["edited"]) == ("browser", "facts", True)
        found = (await client.get("/api/memory")).json()
        assert [one["text"] for one in found["memories"]] == ["She keeps bees.", "Her name is Anna."]
        assert found["total"] == 2
        narrow = (await client.get("/api/memory", params={"who": "browser"})).json()
        assert [one["id"] for one in narrow["memories"]] == [name["id"]]
        searched = (await client.get("/api/memory", params={"q": "bees"})).json()["memories"]
        assert searched[0]["text"] == "She keeps bees." and searched[0]["score"] is not None
        changed = await client.patch(f"/api/memory/{name['id']}", json={"text": "Her name is  Annie."})
        assert changed.json()["text"] == "Her name is Annie."
        people = (await client.get("/api/memory/people")).json()["people"]
        assert {(one["who"], one["memories"], one["waiting"]) for one in people} == {
            ("browser", 1, 0),
            ("aa:bb:cc:dd:ee:ff", 1, 0),
        }
        assert people[0]["agent_name"].startswith("Mei")
        export = await client.get("/api/memory/export", params={"agent": "bilingual"})
        assert export.headers["content-disposition"].startswith("attachment")
        assert len(export.json()["memories"]) == 2


async def test_what_is_erased_can_be_brought_back(tmp_path: Path) -> None:
    async with running(tmp_path, **SCRIPTED) as server:
        client = server.client
        one, two = await add(client, "One."), await add(client, "Two.", who="aa:bb")
        gone = (await client.delete(f"/api/memory/{one['id']}")).json()
        assert gone["deleted"] == [one["id"]] and gone["restorable_until"]
        assert (await client.delete(f"/api/memory/{one['id']}")).status_code == 404
        assert (await client.post("/api/memory/erase", json={})).status_code == 422
        gone = (await client.post("/api/memory/erase", json={"agent_id": "bilingual"})).json()
        assert gone["deleted"] == [two["id"]]
        back = await client.post("/api/memory/restore", json={"ids": [one["id"], two["id"]]})
        assert sorted(back.json()["restored"]) == sorted([one["id"], two["id"]])
        gone = (await client.post("/api/memory/erase", json={"everything": True})).json()
        assert len(gone["deleted"]) == 2
        assert (await client.get("/api/memory")).json()["total"] == 0


async def test_what_was_told_at_the_page_before_is_given_to_a_browser(tmp_path: Path) -> None:
    mine = "browser:3f0c8d1e-0000-4000-8000-000000000001"
    async with running(tmp_path, **SCRIPTED) as server:
        client = server.client
        one, two = await add(client, "One."), await add(client, "Two.")
        await add(client, "Three.", who="aa:bb:cc:dd:ee:ff")
        moved = await client.post("/api/memory/move", json={"who": "browser", "to": mine})
        assert sorted(moved.json()["moved"]) == sorted([one["id"], two["id"]])
        people = (await client.get("/api/memory/people")).json()["people"]
        assert {(person["who"], person["memories"]) for person in people} == {
            (mine, 2),
            ("aa:bb:cc:dd:ee:ff", 1),
        }
        back = await client.post("/api/memory/move", json={"ids": [one["id"]], "to": "browser"})
        assert back.json()["moved"] == [one["id"]]
        for body in (
            {"to": mine},
            {"who": "browser"},
            {"who": "browser", "to": ""},
            {"who": "browser", "to": "browser:short"},
            {"who": "browser", "to": "browser:speaker:0123456789"},
        ):
            assert (await client.post("/api/memory/move", json=body)).status_code == 422


async def test_what_cannot_be_written(tmp_path: Path) -> None:
    async with running(tmp_path, **SCRIPTED) as server:
        client = server.client
        for body, status in (
            ({"agent_id": "nobody", "text": "x"}, 404),
            ({"agent_id": "bilingual", "text": "  "}, 422),
            ({"agent_id": "bilingual", "text": "x" * 2_000}, 422),
            ({"agent_id": "bilingual", "who": "", "text": "x"}, 422),
        ):
            assert (await client.post("/api/memory", json=body)).status_code == status
        assert (await client.patch("/api/memory/mem_none", json={"text": "x"})).status_code == 404
        assert (await client.get("/api/memory", params={"q": " "})).status_code == 422


async def test_an_agent_says_how_it_remembers(tmp_path: Path) -> None:
    async with running(tmp_path, **SCRIPTED) as server:
        client = server.client
        ways = (await client.get("/api/memory/modules")).json()
        assert [one["name"] for one in ways["modules"]] == ["none", "summary", "facts"]
        assert all(one["title"] and one["description"] for one in ways["modules"])
        assert ways["folder"].endswith("memory")
        assert (await client.get("/api/agents/bilingual")).json()["memory"] == "none"
        kept = await client.patch("/api/agents/bilingual", json={"memory": "facts"})
        assert kept.json()["memory"] == "facts"
        assert (await client.patch("/api/agents/bilingual", json={"memory": "no such"})).status_code == 422
        assert (await client.patch("/api/agents/bilingual", json={"memory": None})).json()["memory"] == "none"
