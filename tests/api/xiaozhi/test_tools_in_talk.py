"""Tools in a device's conversation: its own, the loudness, and taking leave."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from api.xiaozhi.device import MAC, Device, Home, home
from websockets.exceptions import ConnectionClosed

from kaikou.engines.ports import Delta, Message, ToolCall


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Home]:
    async with home(tmp_path) as running:
        yield running


def calls(name: str, arguments: str = "{}") -> Any:
    def reply(messages: Sequence[Message]) -> list[Delta]:
        if messages[-1].role == "tool":
            return [Delta(text=f"It said {messages[-1].content}"), Delta(finish="stop")]
        return [Delta(tool_call=ToolCall("call_1", name, arguments)), Delta(finish="tool_calls")]

    return reply


async def serve_tools(device: Device, *tools: dict[str, Any]) -> None:
    """Tell the server what the device can do."""
    for result in ({"protocolVersion": "2024-11-05", "capabilities": {}}, {"tools": tools}):
        asked = await device.until("mcp")
        number = asked["payload"]["id"]
        await device.send(type="mcp", payload={"jsonrpc": "2.0", "id": number, "result": result})


VOLUME = {
    "name": "self.audio_speaker.set_volume",
    "description": "Set the volume.",
    "inputSchema": {"type": "object", "properties": {"volume": {"type": "integer"}}, "required": ["volume"]},
}


async def test_loudness_is_set_with_the_devices_own_tool(house: Home) -> None:
    house.server.llm.reply = calls("set_volume", '{"percent": 30}')
    async with house.device(features={"mcp": True}) as device:
        await serve_tools(device, VOLUME)
        await device.send(type="listen", state="detect", text="make it thirty per cent")
        call = (await device.until("mcp"))["payload"]
        assert call["params"] == {"name": "self.audio_speaker.set_volume", "arguments": {"volume": 30}}
        content = [{"type": "text", "text": "true"}]
        await device.send(
            type="mcp", payload={"jsonrpc": "2.0", "id": call["id"], "result": {"content": content}}
        )
        await device.until("tts", state="stop")
        assert device.texts("tts", state="sentence_start") == ["It said The volume is 30 percent now."]


async def test_a_device_that_refuses_is_told_of(house: Home) -> None:
    house.server.llm.reply = calls("set_volume", '{"percent": 30}')
    async with house.device(features={"mcp": True}) as device:
        await serve_tools(device, VOLUME)
        await device.send(type="listen", state="detect", text="make it thirty per cent")
        call = (await device.until("mcp"))["payload"]
        error = {"message": "no speaker"}
        await device.send(type="mcp", payload={"jsonrpc": "2.0", "id": call["id"], "error": error})
        await device.until("tts", state="stop")
        assert device.texts("tts", state="sentence_start") == ["It said no speaker"]


async def test_things_of_older_firmware_are_tools_too(house: Home) -> None:
    house.server.llm.reply = calls("Lamp_TurnOn")
    lamp = {
        "name": "Lamp",
        "description": "A lamp",
        "methods": {"TurnOn": {"description": "On", "parameters": {}}},
    }
    async with house.device() as device:
        await device.send(type="iot", descriptors=[lamp])
        await device.send(type="listen", state="detect", text="turn on the lamp")
        command = await device.until("iot")
        assert command["commands"] == [{"name": "Lamp", "method": "TurnOn", "parameters": {}}]
        await device.until("tts", state="stop")
        assert device.texts("tts", state="sentence_start") == ["It said Done."]


async def test_an_agent_that_leaves_ends_the_session_after_its_farewell(house: Home) -> None:
    house.server.llm.reply = calls("leave", '{"farewell": "Goodbye."}')
    async with house.device() as device:
        await device.send(type="listen", state="detect", text="I have to go now")
        await device.until("tts", state="stop")
        assert device.texts("tts", state="sentence_start") == ["Goodbye."]
        with pytest.raises(ConnectionClosed):
            while True:
                await device.next()
    assert house.registry.online(MAC) is None
    await house.settled()
