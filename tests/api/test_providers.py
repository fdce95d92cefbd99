"""Engines tried and chosen over HTTP, on a whole server with real providers on free ports beside it."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uvicorn
from asgi_server import serving
from engines.llm.provider import KEY, Provider, running_provider
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import SecretStr
from test_server import SCRIPTED, Running, running
from websockets.asyncio.client import connect

from kaikou.api.providers import switch
from kaikou.settings.loading import LoadedSettings, load_settings
from kaikou.settings.page import Choice, page_file, read_choices, with_choices, write_choices


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path) as found:
        await found.until_ready()
        yield found


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with running_provider() as found:
        found.script["first-model"] = found.script["second-model"] = [
            said("O"),
            said("K."),
            said(finish="stop"),
        ]
        yield found


def said(words: str = "", finish: str | None = None) -> dict[str, Any]:
    from engines.llm.provider import chunk

    return chunk(finish, **({"content": words} if words else {}))


@asynccontextmanager
async def sound_server(heard: list[dict[str, Any]]) -> AsyncIterator[str]:
    """A server for speech in both directions."""
    app = FastAPI()

    @app.post("/v1/audio/speech")
    async def speech(request: Request) -> Response:
        heard.append(await request.json())
        return Response((np.ones(12_000, np.int16) * 500).tobytes(), media_type="audio/pcm")

    @app.post("/v1/audio/transcriptions")
    async def transcriptions(request: Request) -> JSONResponse:
        form = await request.form()
        heard.append({"model": form["model"]})
        return JSONResponse({"text": "One, two, three."})

    async with serving(uvicorn.Config(app, log_level="error", lifespan="off")) as (port, _):
        yield f"http://127.0.0.1:{port}/v1"


async def kind_of(server: Running, kind: str) -> dict[str, Any]:
    kinds = (await server.client.get("/api/providers")).json()["kinds"]
    return next(one for one in kinds if one["kind"] == kind)


async def tried(server: Running, **body: Any) -> dict[str, Any]:
    answer = await server.client.post("/api/providers/test", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


# -- what there is


async def test_each_kind_tells_what_serves_it_and_what_could(server: Running) -> None:
    llm = await kind_of(server, "llm")
    assert (llm["engine"], llm["state"], llm["locked"], llm["saved"]) == ("scripted", "ready", False, False)
    choices = {(one["engine"], one["type"]): one for one in llm["choices"]}
    assert {name for name, _ in choices} >= {"auto", "llama", "deepseek", "openrouter", "ollama", "openai"}
    deepseek = choices["deepseek", "provider"]
    assert deepseek["needs_key"] and not deepseek["key_set"] and deepseek["models"] == ["deepseek-chat"]
    assert deepseek["homepage"].startswith("https://")
    assert choices["llama", "local"]["downloads"][0]["size"] > 1e6
    assert choices["openai", "custom"]["base_url"] is None
    assert [one["kind"] for one in (await server.client.get("/api/providers")).json()["kinds"]] == [
        "stt", "llm", "tts",
    ]  # fmt: skip


# -- trying


async def test_a_language_model_is_tried_for_real(server: Running, provider: Provider) -> None:
    told = await tried(server, kind="llm", engine="openai", base_url=provider.base_url, api_key=KEY)
    assert told["ok"] and told["error"] is None and "OK." in told["detail"]
    assert told["models"] == ["first-model", "second-model"] and told["model"] == "first-model"
    assert 0 <= told["latency_ms"] <= told["total_ms"]
    assert provider.requests[-1]["model"] == "first-model"
    assert (await kind_of(server, "llm"))["engine"] == "scripted"


async def test_a_wrong_key_or_address_is_told_as_such(server: Running, provider: Provider) -> None:
    wrong = await tried(
        server,
        kind="llm",
        engine="openai",
        base_url=provider.base_url,
        api_key="sk-wrong",
        model="first-model",
    )
    assert not wrong["ok"] and wrong["error"]["code"] == "engine_unauthorized" and wrong["error"]["hint"]
    gone = await tried(server, kind="llm", engine="openai", base_url="http://127.0.0.1:9/v1", model="m")
    assert gone["error"]["code"] == "engine_unreachable"
    keyless = await tried(server, kind="llm", engine="deepseek")
    assert keyless["error"]["code"] == "api_key_missing"
    unknown = await tried(server, kind="llm", engine="nothing")
    assert unknown["error"]["code"] == "unknown_engine"
    missing = await tried(server, kind="stt", engine="vosk")
    assert not missing["ok"]
    for body in (
        {"kind": "vad", "engine": "silero"},
        {"kind": "llm", "engine": "openai", "base_url": "file:///etc/passwd"},
        {"kind": "llm", "engine": "openai", "api_key": "naïve"},
        {"kind": "llm"},
    ):
        assert (await server.client.post("/api/providers/test", json=body)).status_code == 422


async def test_ears_and_voice_are_tried_for_real(server: Running) -> None:
    heard: list[dict[str, Any]] = []
    async with sound_server(heard) as url:
        voice = await tried(server, kind="tts", engine="openai", base_url=url, model="t", voice="nova")
        assert voice["ok"] and "0.5 s" in voice["detail"], voice
        assert heard[-1]["voice"] == "nova" and heard[-1]["model"] == "t"
        ears = await tried(server, kind="stt", engine="openai", base_url=url, model="w")
        assert ears["ok"] and "One, two, three" in ears["detail"], ears
        nameless = await tried(server, kind="stt", engine="openai", base_url=url)
        assert nameless["error"]["code"] == "invalid_setting"


async def test_a_local_model_that_is_not_here_is_not_downloaded_by_a_trial(tmp_path: Path) -> None:
    async with running(tmp_path, models={"folder": tmp_path / "none"}) as server:
        await server.until_ready()
        told = await tried(server, kind="tts", engine="kokoro")
        assert not told["ok"] and told["error"]["code"] == "model_not_installed"
        assert not (tmp_path / "none").exists() or not list((tmp_path / "none").glob("*"))


async def test_the_engine_in_force_is_tried_as_it_is(server: Running) -> None:
    assert (await tried(server, kind="llm", engine="scripted"))["ok"]


# -- choosing


async def test_a_choice_is_in_force_kept_and_taken_back(
    tmp_path: Path, provider: Provider, capfd: pytest.CaptureFixture[str]
) -> None:
    choice = {"engine": "openai", "base_url": provider.base_url, "api_key": KEY, "model": "second-model"}
    async with running(tmp_path) as server:
        await server.until_ready()
        # SCRIPTED stands for defaults here: it carries no origin, so nothing is locked.
        answer = await server.client.put("/api/providers/llm", json=choice)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert (told["engine"], told["model"], told["source"], told["saved"]) == (
            "openai", "second-model", "page", True,
        )  # fmt: skip
        assert told["fields"]["api_key"] == {
            "value": None, "set": True, "origin": "page", "source": "page", "locked": False,
        }  # fmt: skip
        assert KEY not in answer.text
        assert KEY not in (await server.client.get("/api/settings")).text
        health = (await server.client.get("/api/health")).json()
        assert next(one for one in health["engines"] if one["kind"] == "llm")["name"] == "openai"
        # The key that was left out is the stored one, at that address only.
        same = await tried(
            server, kind="llm", engine="openai", base_url=provider.base_url, model="first-model"
        )
        assert same["ok"]
    path = page_file(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text())["llm"]["api_key"] == KEY
    assert KEY not in capfd.readouterr().err

    operator = LoadedSettings((await settings_of(tmp_path)).settings)
    restarted = with_choices(operator, read_choices(path))
    assert restarted.settings.llm.engine == "openai" and str(restarted.origin(("llm", "model"))) == "page"


async def settings_of(folder: Path) -> LoadedSettings:
    from kaikou.settings.tree import Settings

    return LoadedSettings(Settings.model_validate(SCRIPTED | {"data_dir": folder}))


async def test_taking_a_choice_back_restores_what_was_there(server: Running, provider: Provider) -> None:
    choice = {"engine": "openai", "base_url": provider.base_url, "api_key": KEY, "model": "first-model"}
    await server.client.put("/api/providers/llm", json=choice)
    back = await server.client.delete("/api/providers/llm")
    assert back.status_code == 200 and (back.json()["engine"], back.json()["saved"]) == ("scripted", False)
    again = await server.client.delete("/api/providers/llm")
    assert again.status_code == 200 and again.json()["engine"] == "scripted"


async def test_a_choice_that_cannot_be_loaded_changes_nothing(server: Running, provider: Provider) -> None:
    wrong = {"engine": "openai", "base_url": provider.base_url, "api_key": "sk-wrong", "model": "first-model"}
    answer = await server.client.put("/api/providers/llm", json=wrong)
    assert answer.status_code == 502 and answer.json()["code"] == "engine_unauthorized"
    llm = await kind_of(server, "llm")
    assert (llm["engine"], llm["saved"], llm["state"]) == ("scripted", False, "ready")
    unknown = await server.client.put("/api/providers/llm", json={"engine": "nothing"})
    assert unknown.json()["code"] == "unknown_engine"


async def test_a_slow_choice_is_followed_from_outside(
    tmp_path: Path, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(switch, "PATIENCE", 0.0)
    choice = {"engine": "openai", "base_url": provider.base_url, "api_key": KEY, "model": "first-model"}
    async with running(tmp_path) as server:
        await server.until_ready()
        provider.models_held = asyncio.Event()
        answer = await server.client.put("/api/providers/llm", json=choice)
        assert answer.status_code == 202 and answer.json()["switching"]["state"] == "loading"
        busy = await server.client.put("/api/providers/llm", json=choice)
        assert (busy.status_code, busy.json()["code"]) == (409, "switch_under_way")
        provider.models_held.set()
        async with asyncio.timeout(30):
            # It serves a moment before the choice is written down.
            while (llm := await kind_of(server, "llm"))["engine"] != "openai" or llm["switching"]:
                await asyncio.sleep(0.02)
        assert llm["saved"]
        await server.client.put("/api/providers/llm", json=choice | {"api_key": "sk-wrong"})
        async with asyncio.timeout(30):
            while (await kind_of(server, "llm"))["switching"]["state"] != "failed":
                await asyncio.sleep(0.02)
        failed = (await kind_of(server, "llm"))["switching"]
        assert failed["error"]["code"] == "engine_unauthorized"


async def test_conversations_under_way_keep_their_engine(server: Running, provider: Provider) -> None:
    url = server.url.replace("http", "ws") + "chat"

    async def ask(socket: Any, **fields: Any) -> dict[str, Any]:
        message = json.dumps({"v": 1, "type": "user_message", "text": "hello", **fields})
        await socket.send(message)
        async with asyncio.timeout(30):
            while (frame := json.loads(await socket.recv()))["type"] != "reply_done":
                if frame["type"] == "error":  # a machine that is busy just now lets nobody else in
                    assert frame["code"] == "session_limit_reached", frame
                    await asyncio.sleep(0.5)
                    await socket.send(message)
        assert frame["status"] == "completed", frame
        return frame

    async with connect(url, subprotocols=["kaikou.chat.v1"], compression=None) as socket:  # type: ignore[list-item]
        before = await ask(socket)
        choice = {"engine": "openai", "base_url": provider.base_url, "api_key": KEY, "model": "first-model"}
        assert (await server.client.put("/api/providers/llm", json=choice)).status_code == 200
        same = await ask(socket, conversation_id=before["conversation_id"])
        assert same["text"] != "OK."
        assert (await ask(socket))["text"] == "OK."


async def test_a_stored_key_never_goes_to_another_address(server: Running, provider: Provider) -> None:
    choice = {"engine": "openai", "base_url": provider.base_url, "api_key": KEY, "model": "first-model"}
    await server.client.put("/api/providers/llm", json=choice)
    async with running_provider() as other:
        other.script["first-model"] = [said("hello"), said(finish="stop")]
        await tried(server, kind="llm", engine="openai", base_url=other.base_url, model="first-model")
        await tried(server, kind="llm", engine="deepseek", base_url=other.base_url, model="first-model")
        moved = {"engine": "openai", "base_url": other.base_url, "model": "first-model"}
        await server.client.put("/api/providers/llm", json=moved)
        assert other.headers or other.requests
        assert all(KEY not in str(headers) for headers in other.headers)


def test_a_providers_key_from_the_environment_stays_with_the_provider(tmp_path: Path) -> None:
    from kaikou.api.providers.wanted import trial_settings
    from kaikou.engines.presets import endpoint

    loaded = load_settings(tmp_path, {"OPENAI_API_KEY": KEY, "KAIKOU_LLM__BASE_URL": "http://mine/v1"})
    for address in ("http://mine/v1", "http://evil/v1"):
        asked = Choice(engine="openai", base_url=address)
        settings = trial_settings(loaded, "llm", asked, 5.0)
        assert endpoint(settings, "llm", "openai").api_key is None
    own = trial_settings(loaded, "llm", Choice(engine="openai", base_url="https://api.openai.com/v1/"), 5.0)
    assert endpoint(own, "llm", "openai").api_key == KEY


# -- the operator's word


def test_the_operators_word_stands_before_the_pages(tmp_path: Path) -> None:
    choices = {
        "llm": Choice(engine="deepseek", api_key=SecretStr(KEY), model="deepseek-chat"),
        "tts": Choice(engine="piper"),
    }
    write_choices(page_file(tmp_path / "data"), choices)  # type: ignore[arg-type]
    page = load_settings(tmp_path, {})
    assert (page.settings.llm.engine, page.settings.tts.engine) == ("deepseek", "piper")
    assert page.origin(("llm", "engine")).source == "page" and page.operator is not None
    both = load_settings(tmp_path, {"KAIKOU_LLM__BASE_URL": "http://elsewhere/v1", "KAIKOU_TTS__VOICE": "x"})
    assert (both.settings.llm.engine, both.settings.llm.model) == ("auto", None)
    assert both.settings.llm.api_key is None
    assert any("deepseek" in warning for warning in both.warnings)
    assert (both.settings.tts.engine, both.settings.tts.voice) == ("piper", "x")
    same = load_settings(tmp_path, {"KAIKOU_LLM__ENGINE": "deepseek"})
    assert same.settings.llm.api_key is None and same.settings.llm.model == "deepseek-chat"


@pytest.mark.parametrize("text", ["{", "[]", '{"version": 2}', '{"version": 1, "llm": {"engine": 5}}', ""])
def test_a_damaged_file_keeps_nobody_from_starting(tmp_path: Path, text: str) -> None:
    (tmp_path / "data").mkdir()
    page_file(tmp_path / "data").write_text(text)
    loaded = load_settings(tmp_path, {})
    assert loaded.settings.llm.engine == "auto" and loaded.operator is None
    assert any("page.json" in warning for warning in loaded.warnings)


async def test_an_engine_that_is_gone_gives_way_to_the_operators(tmp_path: Path) -> None:
    from kaikou import serving as product

    operator = await settings_of(tmp_path)
    loaded = with_choices(operator, {"llm": Choice(engine="gone")})
    stop, opened = asyncio.Event(), asyncio.get_running_loop().create_future()
    loaded.settings.port = operator.settings.port = 0
    task = asyncio.create_task(product.run(loaded, opened=opened.set_result, stop=stop))
    try:
        import httpx

        (url,) = await asyncio.wait_for(opened, 60)
        async with httpx.AsyncClient(base_url=url, timeout=60) as client, asyncio.timeout(60):
            while (await client.get("/ready")).status_code != 200:
                await asyncio.sleep(0.05)
            kinds = (await client.get("/api/providers")).json()["kinds"]
            assert {one["kind"]: one["engine"] for one in kinds}["llm"] == "scripted"
    finally:
        stop.set()
        await asyncio.wait_for(task, 60)


async def test_what_the_operator_set_is_locked(tmp_path: Path) -> None:
    from kaikou.api.providers.wanted import check_unlocked
    from kaikou.errors import InvalidInput

    loaded = load_settings(tmp_path, {"KAIKOU_LLM__ENGINE": "deepseek", "KAIKOU_LLM__API_KEY": KEY})
    for asked in (
        Choice(engine="openai"),
        Choice(engine="deepseek", base_url="http://evil/v1"),
        Choice(engine="deepseek", api_key=SecretStr("other")),
    ):
        with pytest.raises(InvalidInput) as caught:
            check_unlocked(loaded, "llm", asked)
        assert (caught.value.code, caught.value.status) == ("setting_locked", 409)
        assert "KAIKOU_LLM__ENGINE" in caught.value.message and KEY not in str(caught.value)
    check_unlocked(loaded, "llm", Choice(engine="deepseek", model="deepseek-reasoner"))
