"""The public client ``xiaozhi-sdk`` against this server: OTA, binding, hello, tools, turns."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xiaozhi_sdk
from api.live_server import ANSWER
from api.xiaozhi.device import Home, home
from engines.llm.provider import chunk, running_provider
from xiaozhi_sdk import XiaoZhiWebsocket
from xiaozhi_sdk.utils import read_audio_file

from kaikou.audio.decoding import decode
from kaikou.engines.ports import Delta, Message, ToolCall

MAC = "00:22:44:66:88:0a"
SPEECH = Path(xiaozhi_sdk.__file__).parent / "file" / "audio" / "16k_play_music.wav"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Home]:
    async with home(tmp_path) as running:
        yield running


class Client:
    """The SDK with a list of what it reported."""

    def __init__(self, house: Home) -> None:
        self.messages: list[dict[str, Any]] = []
        self.sdk = XiaoZhiWebsocket(
            self._take,
            ota_url=f"{house.url}/xiaozhi/ota/",
            audio_sample_rate=16_000,
            audio_output_sample_rate=24_000,
        )

    async def _take(self, message: dict[str, Any]) -> None:
        self.messages.append(message)

    async def until(self, wanted: Callable[[dict[str, Any]], bool], seconds: float = 20.0) -> dict[str, Any]:
        """The first message that fits; it and those before it are taken away."""
        async with asyncio.timeout(seconds):
            while True:
                for index, message in enumerate(self.messages):
                    if wanted(message):
                        del self.messages[: index + 1]
                        return message
                await asyncio.sleep(0.01)

    async def greeted(self) -> None:
        """The SDK greets with a text, and was answered. The code told before the binding has an end too,
        but no words of the user's."""
        await self.until(lambda message: message["type"] == "stt")
        await self.until(stopped)


def stopped(message: dict[str, Any]) -> bool:
    return message["type"] == "tts" and message["state"] == "stop"


async def test_from_the_ota_address_to_a_spoken_turn_and_a_tool(house: Home) -> None:
    client = Client(house)
    sdk = client.sdk
    volumes: list[int] = []

    def set_volume(arguments: dict[str, Any]) -> tuple[str, bool]:
        volumes.append(arguments["volume"])
        return "done", False

    schema = {"type": "object", "properties": {"volume": {"type": "integer"}}, "required": ["volume"]}
    tool = {"name": "set_volume", "description": "", "inputSchema": schema, "tool_func": set_volume}
    await sdk.set_mcp_tool([tool])
    try:
        # Not bound: it is let in, told its code, and takes the code from the answer to show it.
        assert await sdk.init_connection(MAC)
        alert = await client.until(lambda message: message["type"] == "alert")
        [waiting] = house.registry.waiting
        assert waiting.code in alert["message"]
        bound = await house.http.post("/api/devices/bind", json={"code": waiting.code})
        assert bound.status_code == 201
        # It polls the activation, and comes again by itself.
        async with asyncio.timeout(30):
            while sdk.wait_device_activated or not house.registry.online(MAC):
                await asyncio.sleep(0.05)
        async with asyncio.timeout(10):
            while not house.registry.connected(MAC).tools():
                await asyncio.sleep(0.01)
        await client.greeted()

        link = house.registry.connected(MAC)
        answer = await link.call_tool("set_volume", {"volume": 30})
        assert (answer.failed, volumes) == (False, [30]) and "done" in answer.text

        sdk.output_audio_queue.clear()
        spoken = decode(SPEECH.read_bytes(), rate=16_000)
        for pcm in read_audio_file(str(SPEECH), 16_000, 60):
            await sdk.send_audio(pcm.ljust(1920, b"\0"))
        await sdk.send_silence_audio(2.0)
        heard = await client.until(lambda message: message["type"] == "stt")
        assert heard["text"].startswith("I spoke for")
        sentences = []
        while not stopped(message := await client.until(lambda one: one["type"] == "tts")):
            sentences += [message["text"]] if message["state"] == "sentence_start" else []
        assert " ".join(sentences) == ANSWER
        sound = np.concatenate([np.atleast_1d(one) for one in sdk.output_audio_queue])
        assert len(sound) > 24_000 * 0.1 and np.abs(sound).max() > 1000
        assert spoken.seconds > 0.5
    finally:
        await sdk.close()
    await house.settled()


async def test_a_turn_calls_the_devices_tool_and_its_result_is_spoken(house: Home) -> None:
    client = Client(house)
    sdk = client.sdk
    lamps: list[dict[str, Any]] = []

    def lamp(arguments: dict[str, Any]) -> tuple[str, bool]:
        lamps.append(arguments)
        return "the lamp is blue", False

    schema = {"type": "object", "properties": {"color": {"type": "string"}}, "required": ["color"]}
    tool = {"name": "self.lamp.set", "description": "Sets it.", "inputSchema": schema, "tool_func": lamp}
    await sdk.set_mcp_tool([tool])

    def reply(messages: Sequence[Message]) -> list[Delta]:
        if messages[-1].role == "tool":
            return [Delta(text=f"Now {messages[-1].content}."), Delta(finish="stop")]
        if "spoke" not in messages[-1].content:
            return [Delta(text="Hello."), Delta(finish="stop")]
        call = ToolCall("call_1", "self_lamp_set", '{"color": "blue"}')
        return [Delta(tool_call=call), Delta(finish="tool_calls")]

    house.server.llm.reply = reply
    # Bound like its owner would, with the client id that the SDK makes of the address.
    try:
        assert await sdk.init_connection(MAC)
        await client.until(lambda message: message["type"] == "alert")
        [waiting] = house.registry.waiting
        assert (await house.http.post("/api/devices/bind", json={"code": waiting.code})).status_code == 201
        async with asyncio.timeout(30):
            while sdk.wait_device_activated or not house.registry.online(MAC):
                await asyncio.sleep(0.05)
            while not house.registry.connected(MAC).tools():
                await asyncio.sleep(0.01)
        await client.greeted()
        for pcm in read_audio_file(str(SPEECH), 16_000, 60):
            await sdk.send_audio(pcm.ljust(1920, b"\0"))
        await sdk.send_silence_audio(2.0)
        said = await client.until(lambda one: one.get("state") == "sentence_start")
        assert said["text"] == 'Now "the lamp is blue".'  # the SDK gives results as JSON
        await client.until(stopped)
        assert lamps == [{"color": "blue"}]
        offered = [one.name for one in house.server.llm.generations[-1].tools]
        assert "self_lamp_set" in offered and "get_time" in offered
    finally:
        await sdk.close()
    await house.settled()


PHOTO = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 100


async def test_from_a_spoken_question_to_a_photo_and_its_answer(tmp_path: Path) -> None:
    """The whole way: OTA, a turn, the model's call of the camera, the picture, the words about it."""
    async with running_provider() as provider:
        provider.script["eyes"] = [chunk(content="A red kettle."), chunk(finish="stop")]
        vision = {"base_url": provider.base_url, "model": "eyes"}
        async with home(tmp_path, vision=vision) as house:

            def reply(messages: Sequence[Message]) -> list[Delta] | str:
                if messages[-1].role == "tool":
                    return [Delta(text=f"I see: {messages[-1].content}"), Delta(finish="stop")]
                if messages[-1].role == "user" and "I spoke" in messages[-1].content:
                    call = ToolCall("call_1", "take_photo", '{"question": "What is that?"}')
                    return [Delta(tool_call=call), Delta(finish="tool_calls")]
                return ANSWER

            house.server.llm.reply = reply
            client = Client(house)
            sdk = client.sdk

            async def take_photo(arguments: dict[str, Any]) -> tuple[dict[str, Any], bool]:
                found: tuple[dict[str, Any], bool] = await sdk.async_analyze_image(
                    PHOTO, arguments["question"]
                )
                return found

            schema = {"type": "object", "properties": {"question": {"type": "string"}}}
            tool = {
                "name": "take_photo",
                "description": "Look.",
                "inputSchema": schema,
                "tool_func": take_photo,
                "is_async": True,
            }
            await sdk.set_mcp_tool([tool])
            try:
                assert await sdk.init_connection(MAC)
                if house.registry.waiting:
                    code = house.registry.waiting[0].code
                    await house.http.post("/api/devices/bind", json={"code": code})
                async with asyncio.timeout(30):
                    while not ((link := house.registry.online(MAC)) and link.tools()):
                        await asyncio.sleep(0.05)
                await client.greeted()
                for pcm in read_audio_file(str(SPEECH), 16_000, 60):
                    await sdk.send_audio(pcm.ljust(1920, b"\0"))
                await sdk.send_silence_audio(2.0)
                await client.until(lambda message: message["type"] == "stt")
                said = []
                while not stopped(message := await client.until(lambda one: one["type"] == "tts")):
                    said.append(message.get("text", ""))
                assert "A red kettle." in " ".join(said)
            finally:
                await sdk.close()
            [asked] = provider.requests
            text, image = asked["messages"][-1]["content"]
            assert text["text"] == "What is that?"
            assert base64.b64decode(image["image_url"]["url"].partition(",")[2]) == PHOTO
            await house.settled()
