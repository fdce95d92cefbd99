"""Tools of the server in Realtime sessions: the official SDK sees items of the conversation, never a
function that it would have to call."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from api.live_server import Server, live_server, silence, tone
from api.openai.test_sdk import Talk
from websockets.exceptions import ConnectionClosed

from kaikou.engines.ports import Delta, Message, ToolCall


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with live_server(tmp_path) as running:
        yield running


def calls(name: str, arguments: str = "{}", then: str = "So it is.") -> Any:
    """A model that calls a tool, and answers once it has the result."""

    def reply(messages: Sequence[Message]) -> list[Delta]:
        if messages[-1].role == "tool":
            return [Delta(text=then), Delta(finish="stop")]
        return [Delta(tool_call=ToolCall("call_1", name, arguments)), Delta(finish="tool_calls")]

    return reply


@pytest.mark.parametrize("beta", [False, True])
async def test_a_spoken_turn_with_a_tool_of_the_server(server: Server, beta: bool) -> None:
    server.llm.reply = calls("get_time")
    headers = {"OpenAI-Beta": "realtime=v1"} if beta else {}
    model = "gpt-4o-realtime-preview"
    async with server.client().realtime.connect(model=model, extra_headers=headers) as connection:
        talk = Talk(connection, beta=beta)
        await talk.speak(tone(0.7) + silence(1.5))
        done = await talk.until("response.done")
        assert [item.type for item in done.response.output] == ["message"]
        assert done.response.output[0].content[0].transcript == "So it is."
        assert not talk.of("response.function_call_arguments.done")
        kind = "conversation.item.created" if beta else "conversation.item.done"
        items = [event.item for event in talk.of(kind)]
        assert [item.type for item in items][-3:] == (["function_call", "function_call_output", "message"])
        called, returned = items[-3:-1]
        assert (called.name, called.call_id, called.status) == ("get_time", "call_1", "completed")
        assert returned.call_id == "call_1" and "20" in returned.output
        assert not talk.of("error")


async def test_the_page_is_told_of_tools_and_of_loudness(server: Server) -> None:
    server.llm.reply = calls("set_volume", '{"percent": 30}')
    async with server.client().realtime.connect(model="x") as connection:
        talk = Talk(connection)
        await connection.session.update(session={"type": "realtime", "kaikou": {"events": True}})  # type: ignore[typeddict-unknown-key]
        await talk.until("session.updated")
        text = [{"type": "input_text", "text": "Thirty per cent"}]
        await connection.conversation.item.create(item={"type": "message", "role": "user", "content": text})  # type: ignore[typeddict-item]
        await connection.response.create()
        await talk.until("response.done")
        [called], [volume] = talk.of("kaikou.tool.called"), talk.of("kaikou.volume")
        [returned] = talk.of("kaikou.tool.returned")
        assert (called.name, called.title, called.arguments) == ("set_volume", "Volume", '{"percent": 30}')
        assert volume.percent == 30
        assert not returned.failed and "30" in returned.output


async def test_a_client_with_instructions_of_its_own_brings_its_own_tools(server: Server) -> None:
    async with server.client().realtime.connect(model="x") as connection:
        talk = Talk(connection)
        await connection.session.update(session={"type": "realtime", "instructions": "Be a parrot."})
        await connection.response.create()
        await talk.until("response.done")
    assert server.llm.generations[-1].tools == ()


async def test_the_agent_takes_leave_and_the_socket_closes_in_order(server: Server) -> None:
    server.llm.reply = calls("leave", '{"farewell": "Goodbye."}')
    async with server.client().realtime.connect(model="x") as connection:
        talk = Talk(connection)
        await talk.speak(tone(0.7) + silence(1.5))
        done = await talk.until("response.done")
        assert done.response.output[0].content[0].transcript == "Goodbye."
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                await talk.next()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1000
    await server.settled()
