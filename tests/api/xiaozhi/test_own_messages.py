"""Messages beside the conversation's: an owner's custom payloads, a plugin's frames, glyphs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from api.xiaozhi.device import MAC, Home, home

from kaikou.api.xiaozhi.own_messages import MOST_BYTES, checked
from kaikou.errors import InvalidInput, KaikouError
from kaikou.tools.ports import Caller


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Home]:
    async with home(tmp_path) as running:
        yield running


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ({}, "a text as its type"),
        ({"type": 1}, "a text as its type"),
        ({"type": "hello"}, "hello messages are the conversation's own"),
        ({"type": "mcp", "payload": {}}, "mcp messages"),
        ({"type": "tts", "state": "stop"}, "tts messages"),
        ({"type": "x", "payload": {1, 2}}, "not JSON serializable"),
        ({"type": "x", "payload": "x" * MOST_BYTES}, "devices take 8000"),
    ],
)
def test_what_is_not_sent(message: Mapping[str, Any], why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        checked(message)


async def test_the_owner_hands_firmware_a_payload(house: Home) -> None:
    async with house.device() as device:
        payload = {"pin": 4, "level": [1, 0]}
        answer = await house.http.post(f"/api/devices/{MAC}/custom", json={"payload": payload})
        assert answer.status_code == 202
        assert await device.until("custom") == {
            "session_id": device.session,
            "type": "custom",
            "payload": payload,
        }
        long = await house.http.post(f"/api/devices/{MAC}/custom", json={"payload": {"x": "x" * MOST_BYTES}})
        assert (long.status_code, long.json()["code"]) == (422, "not_sendable")
    await house.settled()
    offline = await house.http.post(f"/api/devices/{MAC}/custom", json={"payload": {}})
    assert (offline.status_code, offline.json()["code"]) == (409, "device_offline")


async def test_glyphs_are_not_pushed_to_a_device_that_asks_for_them(house: Home) -> None:
    """It draws what its font has; texts are whole, and nothing is sent that it did not expect."""
    house.server.llm.reply = lambda messages: "龘字很少见。"
    font = {"bundle": "noto", "charset": "basic", "size": 20, "bpp": 4}
    async with house.device(features={"glyph_push": True, "emoji": True}, text_font=font) as device:
        await device.ask()
        assert (await device.until("tts", state="sentence_start"))["text"] == "龘字很少见。"
        await device.until("tts", state="stop")
        messages = [one for _, one in device.log if isinstance(one, dict)]
        assert {one["type"] for one in messages} == {"hello", "stt", "tts", "llm"}
        assert not any("glyph_push" in one for one in messages)


async def test_a_tools_frame_reaches_the_device_it_is_called_from(house: Home) -> None:
    async with house.device() as device:
        [session] = house.server.live.sessions
        hands = session.conversation.hands
        assert hands is not None
        caller: Caller = hands.caller
        await caller.send({"type": "light", "state": "on"})
        assert (await device.until("light"))["state"] == "on"
        with pytest.raises(KaikouError, match="tts messages are the conversation's own"):
            await caller.send({"type": "tts", "state": "start"})
