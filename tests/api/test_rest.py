"""Agents, conversations and login over HTTP, around a real store."""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from kaikou.accounts.guard import COOKIE, Guard
from kaikou.accounts.middleware import GuardMiddleware
from kaikou.agents.service import AgentService
from kaikou.api import agents, conversations, deletion, latency, login, problems
from kaikou.api.runtime import Runtime
from kaikou.errors import LimitReached
from kaikou.settings.loading import LoadedSettings
from kaikou.settings.tree import Settings
from kaikou.store.agents import AgentRepository
from kaikou.store.blobs import Blobs
from kaikou.store.conversations import ConversationRepository
from kaikou.store.database import Database
from kaikou.store.journal import Journal
from kaikou.store.purge import Purge
from kaikou.store.records import ItemRow, PartRow, StageRow, TurnRow, now

PASSWORD = "correct horse"
PROBLEM = "application/problem+json"


@dataclass
class House:
    client: httpx.AsyncClient
    runtime: Runtime
    app: FastAPI


def application(runtime: Runtime) -> FastAPI:
    app = FastAPI()
    app.state.runtime = runtime
    problems.install(app)
    for room in (agents, deletion, conversations, latency, login):
        app.include_router(room.router)
    app.add_middleware(GuardMiddleware, guard=runtime.guard)
    return app


@pytest.fixture
async def house(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[House]:
    """The routes with a store in a temporary folder; ``indirect`` gives settings."""
    settings = Settings(data_dir=tmp_path, **getattr(request, "param", {}))
    database, blobs = await Database.open(settings), Blobs(tmp_path / "blobs")
    journal = Journal(database, blobs, linger=0.0)
    journal.start()
    runtime = Runtime(
        settings=settings,
        loaded=LoadedSettings(settings),
        pool=cast(Any, None),
        weights=cast(Any, None),
        database=database,
        journal=journal,
        conversations=ConversationRepository(database, blobs),
        agents=AgentService(AgentRepository(database)),
        guard=Guard(settings, b"secret"),
    )
    app = application(runtime)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield House(client, runtime, app)
    await journal.stop()
    await database.close()


def assert_problem(answer: httpx.Response, status: int, code: str, param: str | None = None) -> None:
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)
    body = answer.json()
    assert (body["status"], body["code"], body.get("param")) == (status, code, param)
    assert body["type"] == "about:blank" and body["title"] and body["detail"].startswith(body["title"])


# -- agents


async def test_agents_are_made_read_changed_and_deleted(house: House) -> None:
    client = house.client
    listed = (await client.get("/api/agents")).json()
    assert [agent["id"] for agent in listed["agents"]] == ["bilingual", "partner", "xiaokai"]
    assert listed["default"] == "bilingual"
    made = await client.post("/api/agents", json={"name": "Ada", "prompt": "p", "engines": {"llm": "llama"}})
    assert made.status_code == 201
    place = made.headers["location"]
    assert (await client.get(place)).json() == made.json() | {"resolved": None}
    changed = await client.patch(place, json={"greeting": "hi", "language": "en", "description": None})
    assert changed.json() == made.json() | {
        "greeting": "hi",
        "language": "en",
        "updated_at": changed.json()["updated_at"],
    }
    assert (await client.delete(place)).status_code == 204
    assert_problem(await client.get(place), 404, "agent_not_found", "agent_id")
    assert_problem(await client.delete("/api/agents/partner"), 409, "agent_shipped")


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"name": "a"}, "invalid_request", "prompt"),
        ({"name": 1, "prompt": "p"}, "invalid_request", "name"),
        ({"name": "a", "prompt": "p", "nmae": "x"}, "invalid_request", "nmae"),
        ({"name": "", "prompt": "p"}, "invalid_agent", "name"),
        ({"name": "a", "prompt": "p", "engines": {"x": "y"}}, "invalid_agent", "engines"),
        ([], "invalid_request", "body"),
    ],
)
async def test_a_wrong_agent_is_a_problem(house: House, body: Any, code: str, param: str) -> None:
    assert_problem(await house.client.post("/api/agents", json=body), 422, code, param)


async def test_broken_json_and_unknown_methods_are_problems(house: House) -> None:
    headers = {"content-type": "application/json"}
    broken = await house.client.post("/api/agents", content=b"{", headers=headers)
    assert broken.status_code == 422 and broken.json()["code"] == "invalid_request"
    assert_problem(await house.client.put("/api/agents"), 405, "method_not_allowed")
    assert_problem(await house.client.get("/api/nothing"), 404, "not_found")


async def test_an_agent_cannot_lose_its_name(house: House) -> None:
    assert_problem(
        await house.client.patch("/api/agents/partner", json={"name": None}), 422, "invalid_agent", "name"
    )


# -- conversations


def talk(house: House, conversation_id: str = "conv_1") -> None:
    journal = house.runtime.journal
    journal.open(conversation_id, agent_id="partner", surface="realtime", config={"speed": 1.0})
    user = ItemRow("a", role="user", parts=(PartRow("audio", "今天的天气怎么样？"),))
    reply = ItemRow("b", role="assistant", parts=(PartRow("audio", "It is *sunny*."),), status="incomplete")
    journal.item(conversation_id, user, None)
    journal.item(conversation_id, reply, "a")
    journal.audio(conversation_id, "a", b"RIFFdata", media_type="audio/wav", seconds=2.0)
    stages = (StageRow("end_of_turn", 0.0, 0.25, 0.01), StageRow("first_audio", 0.4, 0.8))
    journal.turn(
        conversation_id, TurnRow("t", reply_id="r", stages=stages, total=0.8, engines={"llm": "llama"})
    )


async def test_a_conversation_is_read_as_it_is_being_held(house: House) -> None:
    talk(house)
    body = (await house.client.get("/api/conversations/conv_1")).json()
    assert body["title"] == "今天的天气怎么样？"
    assert (body["agent_id"], body["config"], body["item_count"]) == ("partner", {"speed": 1.0}, 2)
    assert [(item["role"], item["text"], item["status"]) for item in body["items"]] == [
        ("user", "今天的天气怎么样？", "completed"),
        ("assistant", "It is *sunny*.", "incomplete"),
    ]
    assert body["items"][0]["audio_seconds"] == 2.0
    turns = (await house.client.get("/api/conversations/conv_1/turns")).json()["turns"]
    assert turns == body["turns"]
    assert turns[0]["stages"][0] == {"name": "end_of_turn", "start": 0.0, "end": 0.25, "queued": 0.01}
    audio = await house.client.get("/api/conversations/conv_1/items/a/audio")
    assert (audio.content, audio.headers["content-type"]) == (b"RIFFdata", "audio/wav")
    assert_problem(await house.client.get("/api/conversations/conv_1/items/b/audio"), 404, "audio_not_found")


async def test_conversations_are_listed_in_pages_and_searched(house: House) -> None:
    for number in range(3):
        talk(house, f"conv_{number}")
        await house.runtime.journal.flush()
    first = (await house.client.get("/api/conversations", params={"limit": 2})).json()
    rest = (await house.client.get("/api/conversations", params={"limit": 2, "cursor": first["next"]})).json()
    found = [one["id"] for one in (*first["conversations"], *rest["conversations"])]
    assert (found, rest["next"]) == (["conv_2", "conv_1", "conv_0"], None)
    hits = (await house.client.get("/api/conversations/search", params={"q": "天气"})).json()["hits"]
    first_hit = hits[0]
    assert (first_hit["conversation"]["id"], first_hit["item_id"]) == ("conv_2", "a")
    assert first_hit["snippet"] == "今天的天气怎么样？"
    nothing = await house.client.get("/api/conversations/search", params={"q": "雪"})
    assert nothing.json() == {"hits": [], "next": None}


@pytest.mark.parametrize(
    ("path", "code", "param"),
    [
        ("?limit=0", "invalid_request", "limit"),
        ("?limit=x", "invalid_request", "limit"),
        ("?cursor=made-up", "invalid_cursor", "cursor"),
        ("/search", "invalid_request", "q"),
        ("/search?q=%20", "empty_search", "q"),
        ("/conv_1/export?format=pdf", "invalid_request", "format"),
    ],
)
async def test_wrong_questions_are_problems(house: House, path: str, code: str, param: str) -> None:
    assert_problem(await house.client.get(f"/api/conversations{path}"), 422, code, param)


async def test_renaming(house: House) -> None:
    talk(house)
    await house.runtime.journal.flush()
    renamed = await house.client.patch("/api/conversations/conv_1", json={"title": "On the weather"})
    assert renamed.json()["title"] == "On the weather"
    wrong = await house.client.patch("/api/conversations/conv_1", json={"title": " "})
    assert_problem(wrong, 422, "invalid_title", "title")


async def test_exports_are_files(house: House) -> None:
    talk(house)
    as_json = await house.client.get("/api/conversations/conv_1/export")
    assert as_json.headers["content-disposition"] == 'attachment; filename="conv_1.json"'
    assert [item["id"] for item in as_json.json()["items"]] == ["a", "b"]
    as_text = await house.client.get("/api/conversations/conv_1/export", params={"format": "markdown"})
    assert as_text.headers["content-disposition"] == 'attachment; filename="conv_1.md"'
    assert "**User:** 今天的天气怎么样？" in as_text.text
    assert "It is \\*sunny\\*. *(interrupted)*" in as_text.text


async def test_deleting_takes_the_recordings_too(house: House, tmp_path: Path) -> None:
    talk(house)
    gone = await house.client.delete("/api/conversations/conv_1")
    assert gone.json()["deleted"] == ["conv_1"] and gone.json()["restorable_until"] > now().isoformat()
    for path in ("", "/turns", "/export", "/items/a/audio"):
        answer = await house.client.get(f"/api/conversations/conv_1{path}")
        assert answer.status_code == 404
    assert_problem(await house.client.delete("/api/conversations/conv_1"), 404, "conversation_not_found")
    await Purge(house.runtime.conversations, keep=0.0).once()
    assert not [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]
    assert_problem(
        await house.client.post("/api/conversations/conv_1/restore"), 404, "conversation_not_found"
    )


async def test_deleting_can_be_undone_one_by_one_and_together(house: House) -> None:
    talk(house)
    before = (await house.client.get("/api/conversations/conv_1")).json()
    await house.client.delete("/api/conversations/conv_1")
    back = await house.client.post("/api/conversations/conv_1/restore")
    assert (back.status_code, back.json()["id"]) == (200, "conv_1")
    assert (await house.client.get("/api/conversations/conv_1")).json() == before
    both = {"ids": ["conv_1", "conv_x", "conv_1"]}
    gone = (await house.client.post("/api/conversations/delete", json=both)).json()
    assert gone["deleted"] == ["conv_1"]
    assert [(one["id"], one["code"]) for one in gone["skipped"]] == [("conv_x", "conversation_not_found")]
    back = await house.client.post("/api/conversations/restore", json=both)
    assert back.json()["restored"] == ["conv_1"] and back.json()["skipped"][0]["id"] == "conv_x"
    for body in ({"ids": []}, {"ids": ["a"] * 501}, {}):
        assert (await house.client.post("/api/conversations/delete", json=body)).status_code == 422


async def test_a_message_is_deleted(house: House) -> None:
    talk(house)
    assert (await house.client.delete("/api/conversations/conv_1/items/b")).status_code == 204
    left = (await house.client.get("/api/conversations/conv_1")).json()
    assert [item["id"] for item in left["items"]] == ["a"]
    exported = (await house.client.get("/api/conversations/conv_1/export?format=txt")).text
    assert exported.splitlines()[-1] == "User: 今天的天气怎么样？"
    gone = await house.client.delete("/api/conversations/conv_1/items/b")
    assert_problem(gone, 404, "item_not_found", "item_id")
    gone = await house.client.delete("/api/conversations/conv_x/items/b")
    assert_problem(gone, 404, "conversation_not_found")


async def test_recordings_are_exported_in_an_archive(house: House) -> None:
    talk(house)
    answer = await house.client.get("/api/conversations/conv_1/export?format=audio")
    assert answer.headers["content-disposition"] == 'attachment; filename="conv_1.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert sorted(archive.namelist()) == ["audio/001-user.wav", "conversation.json", "conversation.md"]
        recorded = await house.client.get("/api/conversations/conv_1/items/a/audio")
        assert archive.read("audio/001-user.wav") == recorded.content
    house.runtime.journal.open("silent")
    silent = await house.client.get("/api/conversations/silent/export?format=audio")
    assert_problem(silent, 404, "audio_not_found")


async def test_latency_tells_where_the_time_went(house: House) -> None:
    talk(house)
    journal = house.runtime.journal
    for number in range(1, 20):
        stages = (
            StageRow("end_of_turn", 0.0, 0.5),
            StageRow("first_token", 0.2, 0.5 + number / 10, 0.1),
            StageRow("sent", 1.0, number / 10),
        )
        engines = {"stt": "whisper", "llm": "deepseek" if number % 2 else "llama", "tts": "kokoro"}
        turn = TurnRow(f"t{number}", stages=stages, total=number / 10, speculations=1, engines=engines)
        journal.turn("conv_1", turn)
    told = (await house.client.get("/api/latency", params={"engine": "llm:deepseek", "limit": 2})).json()
    assert told["count"] == 10 and [one["id"] for one in told["turns"]] == ["t19", "t17"]
    assert told["total"] | {"counts": []} == {
        "count": 10, "p50": 0.9, "p90": 1.7, "p95": 1.9, "max": 1.9, "counts": [],
    }  # fmt: skip
    assert sum(told["total"]["counts"]) == 10
    assert len(told["total"]["counts"]) == len(told["bounds"]) + 1
    assert [stage["name"] for stage in told["stages"]] == ["end_of_turn", "first_token", "sent"]
    assert told["stages"][1]["queued"]["p95"] == 0.1
    assert told["speculation"] == {
        "turns": 10, "hits": 10, "hit_rate": 1.0, "gain_p50": 0.3, "thrown_away": 10,
    }  # fmt: skip
    assert told["by_engines"][0]["key"] == "whisper / deepseek / kokoro"
    whole = (await house.client.get("/api/latency", params={"conversation_id": "conv_1"})).json()
    assert [(one["label"], one["count"]) for one in whole["by_engines"]][:2] == [
        ("whisper / deepseek / kokoro", 10),
        ("whisper / llama / kokoro", 9),
    ]
    assert whole["by_conversation"][0]["key"] == "conv_1"
    cut = (StageRow("end_of_turn", 0.0, 0.0), StageRow("first_token", 0.0, 0.0))
    journal.turn("conv_1", TurnRow("cut", stages=cut, total=0.0, status="cancelled"))
    again = (await house.client.get("/api/latency", params={"conversation_id": "conv_1"})).json()
    assert again["count"] == whole["count"] + 1 and again["total"] == whole["total"]
    assert again["turns"][0]["id"] == "cut" and again["turns"][0]["total"] is None
    other = (await house.client.get("/api/latency", params={"surface": "nowhere"})).json()
    assert other["count"] == 0 and other["total"]["p50"] is None
    wrong = await house.client.get("/api/latency", params={"engine": "vad:silero"})
    assert_problem(wrong, 422, "invalid_engine_filter", "engine")


async def test_an_agent_is_duplicated(house: House) -> None:
    copy = await house.client.post("/api/agents/partner/duplicate")
    assert copy.status_code == 201 and copy.json()["name"] == "Robin 2" and not copy.json()["shipped"]
    shipped = (await house.client.get("/api/agents/partner")).json()
    assert copy.json()["prompt"] == shipped["prompt"]
    again = await house.client.post("/api/agents/partner/duplicate", json={})
    assert again.json()["name"] == "Robin 3"
    named = await house.client.post("/api/agents/partner/duplicate", json={"name": "Ada"})
    assert named.json()["name"] == "Ada"
    missing = await house.client.post("/api/agents/nobody/duplicate")
    assert_problem(missing, 404, "agent_not_found", "agent_id")


async def test_a_conversation_that_is_being_held_is_not_deleted(house: House) -> None:
    @dataclass
    class Held:
        id: str = "conv_1"

    @dataclass
    class Session:
        conversation: Held
        surface: str = "realtime"
        detached: None = None

    class Live:
        sessions = (Session(Held()),)

    talk(house)
    house.runtime.live = cast(Any, Live())
    assert_problem(await house.client.delete("/api/conversations/conv_1"), 409, "conversation_in_use")
    assert (await house.client.get("/api/conversations/conv_1")).status_code == 200


# -- problems


async def test_what_nobody_expected_stays_inside(house: House, caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise RuntimeError("hush")

    async def refuse() -> None:
        raise LimitReached("Too many.", hint="Wait.")

    house.app.add_api_route("/api/fail", fail)
    house.app.add_api_route("/api/refuse", refuse)
    answer = await house.client.get("/api/fail")
    assert_problem(answer, 500, "internal_error")
    assert "hush" not in answer.text and "hush" in caplog.text
    assert_problem(await house.client.get("/api/refuse"), 429, "limit_reached")


async def test_an_outage_of_the_database_is_a_503(house: House) -> None:
    nowhere = Database("postgresql://u:hush@127.0.0.1:1/d")
    house.runtime.conversations = ConversationRepository(nowhere, Blobs(Path("unused")))
    answer = await house.client.get("/api/conversations")
    assert_problem(answer, 503, "database_unavailable")
    assert "hush" not in answer.text
    await nowhere.close()


# -- login

GUARDED = pytest.mark.parametrize("house", [{"password": SecretStr(PASSWORD)}], indirect=True)


@GUARDED
async def test_logging_in_and_out(house: House) -> None:
    client = house.client
    assert (await client.get("/api/login")).json() == {"required": True, "authenticated": False}
    assert_problem(await client.get("/api/agents"), 401, "unauthorized")
    assert_problem(await client.post("/api/login", json={"password": "wrong"}), 401, "wrong_password")
    answer = await client.post("/api/login", json={"password": PASSWORD})
    assert answer.json() == {"required": True, "authenticated": True}
    cookie = answer.headers["set-cookie"]
    for mark in (COOKIE, "HttpOnly", "SameSite=strict", "Path=/"):
        assert mark in cookie
    assert "Secure" not in cookie and PASSWORD not in cookie
    assert (await client.get("/api/agents")).status_code == 200
    assert (await client.get("/api/login")).json()["authenticated"]
    await client.post("/api/logout")
    assert_problem(await client.get("/api/agents"), 401, "unauthorized")


@GUARDED
async def test_the_cookie_is_secure_over_https(house: House) -> None:
    answer = await house.client.post("https://localhost/api/login", json={"password": PASSWORD})
    assert "Secure" in answer.headers["set-cookie"]


@GUARDED
async def test_guessing_at_the_login_gets_slower(house: House) -> None:
    codes = []
    for number in range(7):
        answer = await house.client.post("/api/login", json={"password": f"guess {number}"})
        codes.append(answer.json()["code"])
    assert codes[:5] == ["wrong_password"] * 5
    assert codes[-1] == "too_many_attempts"
    assert int(answer.headers["retry-after"]) >= 1


async def test_an_open_server_needs_no_login(house: House) -> None:
    assert (await house.client.get("/api/login")).json() == {"required": False, "authenticated": True}
    assert_problem(await house.client.post("/api/login", json={"password": "x"}), 403, "no_password")
