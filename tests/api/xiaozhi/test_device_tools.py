"""The device's own tools: MCP over the socket, and the descriptors of older firmware."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from kaikou.api.xiaozhi.device_mcp import DeviceMcp
from kaikou.api.xiaozhi.iot import Things
from kaikou.api.xiaozhi.tool_names import safe_names
from kaikou.settings.services import DeviceToolSettings


def test_names_become_fit_for_models() -> None:
    assert safe_names(["self.get_device_status", "a.b", "a_b", "音量"]) == {
        "self_get_device_status": "self.get_device_status",
        "a_b": "a.b",
        "a_b_2": "a_b",
        "__": "音量",
    }
    assert all(len(one) <= 64 for one in safe_names(["x" * 90 + str(n) for n in range(12)]))


LIMITS = DeviceToolSettings(max_tools=100, max_state_chars=1_000)


class Wire:
    def __init__(self, **more: Any) -> None:
        self.sent: list[dict[str, Any]] = []
        self.mcp = DeviceMcp(self.sent.append, timeout=0.05, limits=LIMITS, **more)

    def answer(self, number: int, **body: Any) -> bool:
        return self.mcp.receive({"jsonrpc": "2.0", "id": number, **body})

    def started(self, *tools: dict[str, Any]) -> None:
        self.mcp.start()
        self.answer(1, result={"serverInfo": {}})
        self.answer(2, result={"tools": list(tools)})


async def test_the_handshake_has_fixed_ids_and_pages() -> None:
    wire = Wire(vision_url="http://v", vision_token="t")
    wire.mcp.start()
    first = wire.sent[0]
    assert (first["id"], first["method"], first["jsonrpc"]) == (1, "initialize", "2.0")
    assert first["params"]["protocolVersion"] == "2024-11-05"
    assert first["params"]["capabilities"]["vision"] == {"url": "http://v", "token": "t"}
    assert wire.answer(1, result={})
    assert wire.sent[1]["id"] == 2 and wire.sent[1]["params"] == {"cursor": ""}
    wire.answer(2, result={"tools": [{"name": "self.a", "description": "A"}], "nextCursor": "b"})
    assert not wire.mcp.ready and wire.sent[2]["params"] == {"cursor": "b"} and wire.sent[2]["id"] == 2
    wire.answer(2, result={"tools": [{"name": "self.b", "inputSchema": {"type": "object"}}, "junk", {}]})
    assert wire.mcp.ready and [tool.name for tool in wire.mcp.tools] == ["self_a", "self_b"]
    wire.mcp.close()


async def test_calls_count_from_three_and_name_the_devices_own() -> None:
    wire = Wire()
    wire.started({"name": "self.audio_speaker.set_volume"})
    call = asyncio.create_task(wire.mcp.call("self_audio_speaker_set_volume", {"volume": 30}))
    await asyncio.sleep(0)
    sent = wire.sent[-1]
    assert sent["id"] == 3 and sent["params"] == {
        "name": "self.audio_speaker.set_volume",
        "arguments": {"volume": 30},
    }
    wire.answer(3, result={"content": [{"type": "text", "text": "true"}], "isError": False})
    answer = await call
    assert (answer.text, answer.failed) == ("true", False)
    assert not wire.answer(3, result={}), "answered already"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"error": {"message": "Unknown tool"}}, "Unknown tool"),
        ({"error": "odd"}, "odd"),
        ({"result": {"content": [{"type": "text", "text": "no"}], "isError": True}}, "no"),
    ],
)
async def test_a_devices_errors_need_no_code(body: dict[str, Any], text: str) -> None:
    wire = Wire()
    wire.started({"name": "t"})
    call = asyncio.create_task(wire.mcp.call("t", {}))
    await asyncio.sleep(0)
    wire.answer(3, **body)
    answer = await call
    assert answer.failed and answer.text == text


async def test_a_device_that_does_not_answer_costs_a_call_and_no_more() -> None:
    wire = Wire()
    wire.started({"name": "t"})
    answer = await wire.mcp.call("t", {})
    assert answer.failed and "did not answer" in answer.text
    assert (await wire.mcp.call("unknown", {})).failed
    pending = asyncio.create_task(wire.mcp.call("t", {}))
    await asyncio.sleep(0)
    wire.mcp.close()
    assert (await pending).text == "The device disconnected."


@pytest.mark.parametrize(
    "payload",
    [None, [], "x", {}, {"id": True}, {"id": "2", "result": {}}, {"id": 99, "result": {}},
     {"id": 2, "result": {}}, {"method": "notifications/x"}],
)  # fmt: skip
async def test_what_means_nothing_is_said_so(payload: object) -> None:
    wire = Wire()
    assert wire.mcp.receive(payload) is False
    assert wire.sent == []


async def test_a_list_that_does_not_come_is_given_up_and_asked_for_again_when_it_changes() -> None:
    wire = Wire()
    wire.mcp.start()
    wire.answer(1, result={})
    wire.answer(2, result={"tools": [{"name": "a"}], "nextCursor": "more"})
    async with asyncio.timeout(5):
        while not wire.mcp.ready:
            await asyncio.sleep(0.01)
    assert [tool.name for tool in wire.mcp.tools] == ["a"]
    wire.mcp.receive({"method": "notifications/tools/list_changed"})
    wire.answer(2, result={"tools": [{"name": "b"}]})
    assert [tool.name for tool in wire.mcp.tools] == ["b"]


async def test_tools_that_change_while_they_are_listed_are_listed_again() -> None:
    wire = Wire()
    wire.mcp.start()
    wire.answer(1, result={})
    wire.mcp.receive({"method": "notifications/tools/list_changed"})
    asked = len(wire.sent)
    wire.answer(2, result={"tools": [{"name": "old"}]})
    assert len(wire.sent) == asked + 1 and wire.sent[-1]["method"] == "tools/list"
    wire.answer(2, result={"tools": [{"name": "new"}]})
    assert [tool.name for tool in wire.mcp.tools] == ["new"] and len(wire.sent) == asked + 1


async def test_calls_of_a_device_that_is_gone_fail_at_once() -> None:
    wire = Wire()
    wire.started({"name": "t"})
    wire.mcp.close()
    asked = len(wire.sent)
    assert (await wire.mcp.call("t", {})).text == "The device disconnected." and len(wire.sent) == asked


async def test_arguments_that_are_no_json_are_a_failed_call() -> None:
    def send(body: dict[str, Any]) -> None:
        orjson.dumps(body)

    mcp, things = DeviceMcp(send, timeout=1, limits=LIMITS), Things(send, LIMITS)
    mcp.start()
    mcp.receive({"id": 1, "result": {}})
    mcp.receive({"id": 2, "result": {"tools": [{"name": "t"}]}})
    things.receive({"descriptors": [{"name": "L", "methods": {"x": {"parameters": {"a": {}}}}}]})
    for number in (10**30, "\ud800"):
        there = await mcp.call("t", {"a": number}), things.call("L_x", {"a": number})
        assert all(one is not None and one.failed and "can't be sent" in one.text for one in there)
    mcp.close()


def test_what_a_thing_no_longer_has_is_forgotten() -> None:
    things = Things(lambda _: None, LIMITS)
    for number in range(50):
        things.receive({"descriptors": [{"name": "L", "properties": {f"p{number}": {}}}]})
        things.receive({"states": [{"name": "L", "state": {f"p{number}": 1}}]})
    assert len(things._states) == 1


def nested(levels: int) -> Any:
    """As deep as JSON may be when it is read; it cannot be written again."""
    return orjson.loads("[" * levels + "]" * levels)


async def test_what_is_nested_too_deeply_is_left_out() -> None:
    wire = Wire()
    wire.mcp.start()
    wire.answer(1, result={})
    schemas = [{"x": nested(900)}, {"properties": []}, {"description": "y" * 20_000}, {"type": "object"}]
    tools = [{"name": f"t{number}", "inputSchema": one} for number, one in enumerate(schemas)]
    wire.answer(2, result={"tools": tools})
    nothing = {"type": "object", "properties": {}}
    assert [tool.parameters for tool in wire.mcp.tools] == [nothing, nothing, nothing, {"type": "object"}]
    for answer in (
        {"result": nested(900)},
        {"result": {"content": nested(900)}},
        {"result": {"content": [{"type": "text", "text": nested(900)}]}},
        {"error": nested(900)},
        {"error": {"message": nested(900)}},
    ):
        call = asyncio.create_task(wire.mcp.call("t3", {}))
        await asyncio.sleep(0)
        wire.answer(wire.sent[-1]["id"], **answer)
        assert "deep" in (await call).text or answer == {"result": {"content": nested(900)}}


def test_things_keep_no_more_than_their_tools_read() -> None:
    things = Things(lambda _: None, LIMITS)
    lamp = {
        "name": "Lamp",
        "properties": {"on": {"type": nested(900)}},
        "methods": {"x": {"parameters": {"a": {"type": nested(900)}}}},
    }
    assert things.receive({"descriptors": [lamp]})
    for number in range(100):
        state = {f"{number}-{other}": 1 for other in range(50)} | {"on": "y" * 5_000}
        assert things.receive({"states": [{"name": "Lamp", "state": state}, {"name": [], "state": state}]})
    assert len(things._states) == 1
    told = things.call("get_Lamp_on", {})
    assert told is not None and len(told.text) == LIMITS.max_state_chars
    things.receive({"states": [{"name": "Lamp", "state": {"on": nested(900)}}]})
    told = things.call("get_Lamp_on", {})
    assert told is not None and "deep" in told.text
    many = {f"p{number}": {} for number in range(5_000)}
    things.receive({"descriptors": [{"name": f"T{number}", "properties": many} for number in range(40)]})
    assert len(things.tools) == LIMITS.max_tools


async def test_endless_lists_end() -> None:
    wire = Wire()
    wire.mcp.start()
    wire.answer(1, result={})
    for page in range(100):
        if wire.mcp.ready:
            break
        wire.answer(2, result={"tools": [{"name": f"t{page}-{n}"} for n in range(10)], "nextCursor": "more"})
    assert wire.mcp.ready and len(wire.mcp.tools) == LIMITS.max_tools


def test_older_firmwares_things_are_tools_too() -> None:
    sent: list[dict[str, Any]] = []
    things = Things(sent.append, LIMITS)
    speaker = {
        "name": "Speaker",
        "description": "扬声器",
        "properties": {"volume": {"description": "当前音量值", "type": "number"}},
        "methods": {
            "SetVolume": {
                "description": "设置音量",
                "parameters": {"volume": {"description": "0到100", "type": "number"}},
            }
        },
    }
    assert things.receive({"descriptors": [speaker, "junk", {"name": 7}, {"name": []}]})
    get, change = things.tools
    assert (get.name, change.name) == ("get_Speaker_volume", "Speaker_SetVolume")
    assert change.parameters["required"] == ["volume"]
    before = things.call("get_Speaker_volume", {})
    assert before is not None and before.failed, "it has not told yet"
    assert things.receive(
        {"states": [{"name": "Speaker", "state": {"volume": 70}}, {"name": "?", "state": {}}]}
    )
    told = things.call("get_Speaker_volume", {})
    assert told is not None and told.text == "70"
    assert things.call("Speaker_SetVolume", {"volume": 30}) is not None
    command = {"name": "Speaker", "method": "SetVolume", "parameters": {"volume": 30}}
    assert sent == [{"type": "iot", "commands": [command]}]
    assert things.call("other", {}) is None and not things.receive({})
