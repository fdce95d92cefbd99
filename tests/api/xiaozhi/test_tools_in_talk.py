"""Tools in a device's conversation: its own, the loudness, and taking leave."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from api.xiaozhi.device import MAC, Device, Home, home
from tools.callers import until
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


PLUGIN = """
from core.providers.tts.dto.dto import ContentType
from plugins_func.register import Action, ActionResponse, ToolType, register_function

ABOUT = {"type": "function", "function": {"name": "tale", "description": "A tale.",
                                          "parameters": {"type": "object", "properties": {}}}}

@register_function("tale", ABOUT, ToolType.SYSTEM_CTL)
def tale(conn):
    conn.tts.tts_one_sentence(conn, ContentType.TEXT, content_detail="One moment.")
    told = conn.llm.response_no_stream("You tell tales.", "Of owls.")
    assert conn.func_handler.has_tool("tale") and conn.device_id == "%s"
    return ActionResponse(Action.RESPONSE, "told", told + " The end, %s.")
"""


async def test_a_plugin_is_broken_and_mended_while_the_call_goes_on(house: Home) -> None:
    """One written for the reference server, which asks the model itself."""

    def reply(messages: Sequence[Message]) -> list[Delta] | str:
        asked = messages[-1].content == "Of owls."
        return "Owls fly." if asked else calls("tale")(messages)

    house.server.llm.reply = reply
    tools = house.server.runtime.tools
    assert tools is not None
    plugins = tools.plugins
    plugins.folder.mkdir()
    file = plugins.folder / "tale.py"
    file.write_text(PLUGIN % (MAC, "first"))
    plugins.start()
    await until(lambda: plugins.files)
    async with house.device() as device:

        async def told() -> list[str]:
            before = len(device.log)
            await device.send(type="listen", state="detect", text="tell me a tale")
            await device.until("tts", state="stop")
            parts = [one for _, one in device.log[before:] if isinstance(one, dict)]
            return [one["text"] for one in parts if one.get("state") == "sentence_start"]

        assert " ".join(await told()) == "One moment. Owls fly. The end, first."
        file.write_text(PLUGIN.replace("def tale(conn):", "def tale(conn)"))
        await until(lambda: plugins.status().error)
        assert " ".join(await told()) == "One moment. Owls fly. The end, first."
        file.write_text(PLUGIN % (MAC, "second"))
        await until(lambda: not plugins.status().error)
        assert " ".join(await told()) == "One moment. Owls fly. The end, second."
