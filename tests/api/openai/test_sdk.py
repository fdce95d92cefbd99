"""The official SDK drives every client event against a running server; every server event it gets is
held against the SDK's own types."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import openai
import orjson
import pybase64
import pytest
from api.live_server import ANSWER, Server, base64, live_server, silence, spoken_seconds, tone
from api.openai.conformance import check

from kaikou.engines.ports import Delta, ToolCall, Usage


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with live_server(tmp_path) as running:
        yield running


class Talk:
    """An SDK connection that checks and keeps everything it receives."""

    def __init__(self, connection: Any, *, beta: bool = False) -> None:
        self.connection = connection
        self.beta = beta
        self.events: list[Any] = []

    async def next(self) -> Any:
        async with asyncio.timeout(10):
            raw = await self.connection.recv_bytes()
        check(orjson.loads(raw), beta=self.beta)
        event = self.connection.parse_event(raw)
        self.events.append(event)
        return event

    async def until(self, kind: str) -> Any:
        while True:
            event = await self.next()
            if event.type == kind:
                return event

    def of(self, kind: str) -> list[Any]:
        return [event for event in self.events if event.type == kind]

    async def speak(self, data: bytes) -> None:
        for start in range(0, len(data), 4800):
            await self.connection.input_audio_buffer.append(audio=base64(data[start : start + 4800]))


MANUAL = {"type": "realtime", "audio": {"input": {"turn_detection": None}}}


async def test_a_session_through_every_client_event(server: Server) -> None:
    async with server.client().realtime.connect(model="gpt-realtime") as connection:
        talk = Talk(connection)
        assert (await talk.next()).type == "session.created"

        await connection.session.update(session=MANUAL)  # type: ignore[arg-type]
        updated = await talk.until("session.updated")
        assert updated.session.audio.input.turn_detection is None

        # -- audio: append, clear, append, commit
        await talk.speak(tone(0.5))
        await connection.input_audio_buffer.clear()
        await talk.until("input_audio_buffer.cleared")
        await talk.speak(tone(0.8))
        await connection.input_audio_buffer.commit()
        committed = await talk.until("input_audio_buffer.committed")
        heard = await talk.until("conversation.item.input_audio_transcription.completed")
        assert heard.item_id == committed.item_id and heard.transcript == "I spoke for 0.8 seconds."

        # -- a reply by hand
        await connection.response.create()
        done = await talk.until("response.done")
        assert done.response.status == "completed"
        assert done.response.output[0].content[0].transcript == ANSWER
        spoken = b"".join(pybase64.b64decode(event.delta) for event in talk.of("response.output_audio.delta"))
        least, most = spoken_seconds(ANSWER)
        assert least < len(spoken) / 2 / 24_000 < most
        await talk.until("rate_limits.updated")

        # -- retrieve both items: with sound and words
        await connection.conversation.item.retrieve(item_id=committed.item_id)
        retrieved = await talk.until("conversation.item.retrieved")
        assert retrieved.item.content[0].transcript == heard.transcript
        assert len(retrieved.item.content[0].audio) > 10_000
        reply_id = done.response.output[0].id
        await connection.conversation.item.truncate(item_id=reply_id, content_index=0, audio_end_ms=100)
        truncated = await talk.until("conversation.item.truncated")
        assert truncated.audio_end_ms == 100
        await connection.conversation.item.retrieve(item_id=reply_id)
        retrieved = await talk.until("conversation.item.retrieved")
        assert ANSWER.startswith(retrieved.item.content[0].transcript)
        assert len(retrieved.item.content[0].transcript) < len(ANSWER)

        # -- items by hand: last, first, after another; delete
        for item_id, previous in (("note", None), ("first", "root"), ("middle", "first")):
            await connection.conversation.item.create(
                item={"id": item_id, "type": "message", "role": "user",
                      "content": [{"type": "input_text", "text": item_id}]},
                **({} if previous is None else {"previous_item_id": previous}),
            )  # fmt: skip
            added = await talk.until("conversation.item.added")
            finished = await talk.until("conversation.item.done")
            assert added.item.id == finished.item.id == item_id
            expected = {"note": reply_id, "first": None, "middle": "first"}[item_id]
            assert added.previous_item_id == expected
        await connection.conversation.item.delete(item_id="middle")
        assert (await talk.until("conversation.item.deleted")).item_id == "middle"

        # -- a reply out of band, with its own input and metadata
        await connection.response.create(
            response={
                "conversation": "none",
                "output_modalities": ["text"],
                "metadata": {"topic": "x"},
                "input": [{"type": "item_reference", "id": "note"}],  # type: ignore[list-item]
            }
        )
        aside = await talk.until("response.done")
        assert aside.response.conversation_id is None and aside.response.metadata == {"topic": "x"}
        assert aside.response.output[0].content[0].text == ANSWER
        assert [message.content for message in server.llm.prompts[-1][1:]] == ["note"]

        # -- cancel, and clear what plays
        server.llm.reply = lambda messages: "word " * 400
        server.llm.each = 0.01
        await connection.response.create()
        await talk.until("response.output_audio.delta")
        await connection.response.cancel()
        cancelled = await talk.until("response.done")
        assert cancelled.response.status == "cancelled"
        assert cancelled.response.status_details.reason == "client_cancelled"
        await connection.response.create()
        playing = await talk.until("response.output_audio.delta")
        await connection.output_audio_buffer.clear()
        cleared = await talk.until("output_audio_buffer.cleared")
        assert cleared.response_id == playing.response_id
        await talk.until("response.done")
        await connection.output_audio_buffer.clear()
        await talk.until("output_audio_buffer.cleared")
        assert not talk.of("error")
    await server.settled()


async def test_function_tools_there_and_back(server: Server) -> None:
    call = ToolCall("call_7", "weather", '{"city": "Oslo"}')

    def reply(messages: Any) -> Any:
        if messages[-1].role == "tool":
            return f"It is {messages[-1].content}."
        return [
            Delta(text="Let me look. "),
            Delta(tool_call=call),
            Delta(usage=Usage(9, 0, 3), finish="tool_calls"),
        ]

    server.llm.reply = reply
    async with server.client().realtime.connect(model="x") as connection:
        talk = Talk(connection)
        await connection.session.update(
            session={
                "type": "realtime",
                "tools": [{"type": "function", "name": "weather", "description": "d",
                           "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}],
            }
        )  # fmt: skip
        await connection.conversation.item.create(
            item={"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Weather?"}]}
        )
        await connection.response.create()
        done = await talk.until("response.done")
        assert [item.type for item in done.response.output] == ["message", "function_call"]
        assert done.response.usage.total_tokens == 12
        kinds = [event.type for event in talk.events if getattr(event, "output_index", None) == 1]
        assert kinds == [
            "response.output_item.added",
            "response.function_call_arguments.delta",
            "response.function_call_arguments.done",
            "response.output_item.done",
        ]
        finished = next(event for event in talk.of("response.output_item.done") if event.output_index == 1)
        assert finished.item.status == "completed" and finished.item.call_id == "call_7"
        await connection.conversation.item.create(
            item={"type": "function_call_output", "call_id": "call_7", "output": "sunny"}
        )
        # The words before the call may still be playing; the next reply waits for nobody.
        await connection.response.create()
        last = await talk.until("response.done")
        assert last.response.output[0].content[0].transcript == "It is sunny."
        assert [message.role for message in server.llm.prompts[-1]] == [
            "system",
            "user",
            "assistant",
            "tool",
        ]
        asked = server.llm.prompts[-1][-2]
        assert asked.content == "Let me look." and [one.id for one in asked.tool_calls] == ["call_7"]
        assert not talk.of("error")


async def test_hands_free_with_an_interruption(server: Server) -> None:
    server.llm.reply = lambda messages: "A long story, told without hurry, and it goes on and on. " * 4
    async with server.client().realtime.connect(model="x") as connection:
        talk = Talk(connection)
        await connection.session.update(
            session={
                "type": "realtime",
                "audio": {"input": {"turn_detection": {"type": "server_vad", "silence_duration_ms": 200}}},
            }
        )
        await talk.speak(tone(0.6) + silence(0.6))
        await talk.until("response.output_audio.delta")
        await talk.speak(tone(1.2) + silence(0.6))
        done = await talk.until("response.done")
        assert done.response.status == "cancelled"
        assert done.response.status_details.reason == "turn_detected"
        again = await talk.until("response.created")
        assert again.response.id != done.response.id
        # Nothing of the old reply is heard any more.
        after = talk.events[talk.events.index(done) :]
        assert not [
            event
            for event in after
            if event.type == "response.output_audio.delta" and event.response_id == done.response.id
        ]
        await connection.response.cancel()
        await talk.until("response.done")


async def test_the_beta_dialect(server: Server) -> None:
    headers = {"OpenAI-Beta": "realtime=v1"}
    async with server.client().realtime.connect(
        model="gpt-4o-realtime-preview", extra_headers=headers
    ) as connection:
        talk = Talk(connection, beta=True)
        created = await talk.next()
        assert created.type == "session.created"
        assert (await talk.next()).type == "conversation.created"
        update = {
            "type": "session.update",
            "session": {
                "modalities": ["text", "audio"],
                "input_audio_format": "g711_alaw",
                "output_audio_format": "g711_ulaw",
                "turn_detection": None,
            },
        }
        await connection.send_raw(orjson.dumps(update).decode())
        await talk.until("session.updated")
        from kaikou.audio import g711

        await talk.speak(g711.encode_int16(tone(0.8, 8000), "alaw"))
        await connection.input_audio_buffer.commit()
        heard = await talk.until("conversation.item.input_audio_transcription.completed")
        assert heard.transcript == "I spoke for 0.8 seconds."
        create = {"type": "response.create", "response": {"modalities": ["text", "audio"]}}
        await connection.send_raw(orjson.dumps(create).decode())
        done = await talk.until("response.done")
        kinds = {event.type for event in talk.events}
        assert {
            "conversation.item.created",
            "response.audio.delta",
            "response.audio_transcript.done",
        } <= kinds
        assert not [kind for kind in kinds if "output_audio" in kind]
        assert not {"conversation.item.added", "conversation.item.done"} & kinds
        sent = sum(len(event.delta) * 3 / 4 for event in talk.of("response.audio.delta"))
        least, most = spoken_seconds(ANSWER)
        assert least < sent / 8000 < most
        raw = done.response.model_dump() if hasattr(done.response, "model_dump") else done.response
        assert raw["modalities"] == ["text", "audio"] and raw["output_audio_format"] == "g711_ulaw"


async def test_client_secrets_open_sockets_with_their_session(tmp_path: Path) -> None:
    async with live_server(tmp_path, api_keys=["sk-test"]) as server:
        with pytest.raises(openai.AuthenticationError):
            await server.client("wrong").realtime.client_secrets.create()
        client = server.client("sk-test")
        secret = await client.realtime.client_secrets.create(
            expires_after={"anchor": "created_at", "seconds": 60},
            session={"type": "realtime", "instructions": "Be brief.", "output_modalities": ["text"]},
        )
        assert secret.value.startswith("ek_") and secret.session.type == "realtime"
        async with server.client(secret.value).realtime.connect(model="x") as connection:
            created = await Talk(connection).next()
            assert created.session.instructions == "Be brief."
            assert created.session.output_modalities == ["text"]
        # As a browser offers it.
        protocols = ["realtime", f"openai-insecure-api-key.{secret.value}", "openai-agents-sdk.0.20.0"]
        async with server.socket(subprotocols=protocols) as socket:
            assert socket.subprotocol == "realtime"
            assert orjson.loads(await socket.recv())["session"]["instructions"] == "Be brief."
        for bad, param in (
            ({"session": {"type": "realtime", "instructions": 5}}, "session.instructions"),
            ({"expires_after": {"seconds": 1}}, "expires_after.seconds"),
        ):
            with pytest.raises(openai.BadRequestError) as caught:
                await client.post("/realtime/client_secrets", body=bad, cast_to=object)
            assert caught.value.param == param
        with pytest.raises(openai.APIStatusError) as refused:
            await client.with_options(max_retries=0).post("/realtime/calls", body={}, cast_to=object)
        assert refused.value.status_code == 501 and refused.value.code == "calls_not_supported"


async def test_the_sdk_reconnects_when_the_server_is_full(tmp_path: Path) -> None:
    async with live_server(tmp_path, live={"max_sessions": 1}) as server, server.socket() as first:
        await first.recv()
        attempts: list[int] = []

        def again(event: Any) -> None:
            attempts.append(event.close_code)

        manager = server.client().realtime.connect(
            model="x", on_reconnecting=again, initial_delay=0.05, max_delay=0.2
        )
        async with manager as connection:
            talk = Talk(connection)
            refused = await talk.next()
            assert refused.type == "error" and refused.error.code == "session_limit_reached"
            await first.close()
            async with asyncio.timeout(10):
                async for event in connection:
                    if event.type == "session.created":
                        break
            assert attempts and set(attempts) == {1013}
