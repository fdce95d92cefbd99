"""Voices tried with one's own words, and the engines' figures, on a whole server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from test_server import running


async def test_a_voice_says_what_the_listener_wants(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        await server.until_ready()
        client = server.client
        found = (await client.get("/api/voices")).json()
        assert found["blends"] is False
        voice = found["voices"][0]["id"]
        short = await client.get(f"/api/voices/{voice}/preview", params={"text": "One."})
        long = await client.get(f"/api/voices/{voice}/preview", params={"text": "One, two, three. " * 5})
        assert short.headers["content-type"] == "audio/wav" and short.content[:4] == b"RIFF"
        assert len(long.content) > len(short.content)
        posted = await client.post("/api/voices/preview", json={"text": "One.", "voice": voice})
        assert len(posted.content) == len(short.content)
        assert (await client.post("/api/voices/preview", json={})).content[:4] == b"RIFF"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"text": "x" * 301}, 422, "text_too_long"),
        ({"text": " "}, 422, "empty_text"),
        ({"voice": "nobody"}, 404, "unknown_voice"),
        ({"parts": {"a": 1.0}}, 422, "no_blends"),
        ({"parts": {"a": 1.0}, "voice": "b"}, 422, "invalid_voice"),
        ({"parts": {}}, 422, "invalid_request"),
    ],
)
async def test_a_wrong_trial_is_a_problem(tmp_path: Path, body: Any, status: int, code: str) -> None:
    async with running(tmp_path) as server:
        await server.until_ready()
        answer = await server.client.post("/api/voices/preview", json=body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_engines_tell_their_figures_and_agents_what_they_would_use(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        await server.until_ready()
        told = (await server.client.get("/api/engines")).json()
        assert [one["kind"] for one in told["engines"]] == ["vad", "stt", "tts", "llm"]
        assert [lane["lane"] for lane in told["lanes"]] == ["live", "interactive", "batch"]
        assert all(one["model_time"] is None and one["download"] is None for one in told["engines"])
        await server.client.post("/api/voices/preview", json={"text": "One."})
        agent = (await server.client.get("/api/agents/partner")).json()["resolved"]
        assert agent["llm"] == {
            "engine": "scripted",
            "title": agent["llm"]["title"],
            "model": "",
            "local": True,
            "from": "settings",
            "note": "",
        }
        assert agent["voice"]["from"] == "settings" and agent["language"] == "en"
        body = {"name": "A", "prompt": "p", "engines": {"llm": "deepseek", "tts": "gone"}, "voice": "nobody"}
        made = (await server.client.post("/api/agents", json=body)).json()
        own = (await server.client.get(f"/api/agents/{made['id']}")).json()["resolved"]
        assert (own["llm"]["from"], own["llm"]["model"], own["llm"]["local"]) == (
            "agent", "deepseek-chat", False,
        )  # fmt: skip
        assert "gone" in own["tts"]["note"]
