"""The socket against a real server: admission, bad input, odd sound, coming back, leaving."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from api.live_server import ANSWER, Ear, Server, base64, listening, live_server, silence, spoken_seconds, tone
from api.openai.conformance import check
from websockets.exceptions import ConnectionClosed, InvalidStatus

from kaikou.api.openai import realtime
from kaikou.api.openai.handshake import pick_subprotocol
from kaikou.api.openai.live_session import LiveSession
from kaikou.audio import g711
from kaikou.dialogue.events import Failed


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with live_server(tmp_path, live={"resume_seconds": 1.5}) as running:
        yield running


async def test_a_spoken_turn_in_the_order_the_sdks_expect(server: Server) -> None:
    async with listening(server) as ear:
        await ear.say(silence(0.3) + tone(1.0) + silence(2.0))
        await ear.until("response.done")
        order = list(dict.fromkeys(ear.types()))
        assert order == [
            "session.created",
            "input_audio_buffer.speech_started",
            "input_audio_buffer.speech_stopped",
            "input_audio_buffer.committed",
            "conversation.item.added",
            "conversation.item.done",
            "conversation.item.input_audio_transcription.delta",
            "conversation.item.input_audio_transcription.completed",
            "response.created",
            "response.output_item.added",
            "response.content_part.added",
            "response.output_audio_transcript.delta",
            "response.output_audio.delta",
            "response.output_audio.done",
            "response.output_audio_transcript.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.done",
        ]
        done = ear.events[-1]["response"]
        assert done["status"] == "completed"
        assert done["output"][0]["content"][0]["transcript"] == ANSWER
        for event in ear.events:
            check(event)
        assert len({event["event_id"] for event in ear.events}) == len(ear.events)


# -- bad input: the documented error, and the session lives -------------------------------------------


def frame(**event: Any) -> str:
    return orjson.dumps(event).decode()


TRUNCATE = {"type": "conversation.item.truncate", "content_index": 0}


@pytest.mark.parametrize(
    ("sent", "code", "param"),
    [
        ("{", "invalid_json", None),
        (b"\x00\x01\x02", "invalid_json", None),
        ("[]", "invalid_event", None),
        (frame(type="dance"), "unknown_event_type", "type"),
        (frame(type="input_audio_buffer.append"), "missing_required_parameter", "audio"),
        (frame(type="input_audio_buffer.append", audio="?!"), "invalid_base64", "audio"),
        (frame(type="input_audio_buffer.append", audio="AAAA"), "invalid_audio", "audio"),
        (frame(type="input_audio_buffer.append", audio=["AA"]), "invalid_type", "audio"),
        (frame(type="input_audio_buffer.commit"), "input_audio_buffer_commit_empty", None),
        (frame(type="session.update", session={"audio": 1}), "invalid_type", "session.audio"),
        (frame(type="conversation.item.retrieve", item_id="item_x"), "item_not_found", "item_id"),
        (frame(type="conversation.item.delete", item_id="item_x"), "item_not_found", "item_id"),
        (frame(**TRUNCATE, item_id="item_x", audio_end_ms=1), "item_not_found", "item_id"),
        (
            frame(type="conversation.item.create", item={"type": "message", "role": "user"}),
            "missing_required_parameter",
            "item.content",
        ),
        (
            frame(
                type="conversation.item.create",
                previous_item_id="item_x",
                item={"role": "user", "content": [{"type": "input_text", "text": "x"}]},
            ),
            "item_not_found",
            "previous_item_id",
        ),
        (frame(type="response.cancel"), "response_cancel_not_active", "response_id"),
        (frame(type="response.cancel", response_id="resp_x"), "response_cancel_not_active", "response_id"),
        (
            frame(type="response.create", response={"input": [{"type": "item_reference", "id": "item_x"}]}),
            "item_not_found",
            "item_id",
        ),
        (frame(type="kaikou.resume", conversation_id="conv_x"), "resume_not_found", "conversation_id"),
    ],
)
async def test_bad_input_is_named_and_the_session_lives(
    server: Server, sent: str | bytes, code: str, param: str | None
) -> None:
    async with listening(server) as ear:
        await ear.socket.send(sent)
        error = await ear.until("error")
        check(error)
        assert (error["error"]["code"], error["error"]["param"]) == (code, param)
        assert error["error"]["message"].endswith(".")
        await ear.send(type="session.update", session={"instructions": "x"})
        assert (await ear.until("session.updated"))["session"]["instructions"] == "x"


async def test_errors_name_the_clients_event(server: Server) -> None:
    async with listening(server) as ear:
        await ear.send(type="input_audio_buffer.commit", event_id="mine")
        assert (await ear.until("error"))["error"]["event_id"] == "mine"


async def test_two_replies_at_once_are_refused(server: Server) -> None:
    server.llm.first = 1.0
    async with listening(server) as ear:
        await ear.send(type="response.create")
        await ear.send(type="response.create")
        error = await ear.until("error")
        assert error["error"]["code"] == "conversation_already_has_active_response"
        await ear.until("response.done")


async def test_a_server_fault_is_said_without_its_insides(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError("secret path")

    monkeypatch.setattr(LiveSession, "_create_item", broken)
    async with listening(server) as ear:
        await ear.send(type="conversation.item.create", item={}, event_id="e1")
        error = (await ear.until("error"))["error"]
        assert error["code"] == "internal_error" and error["event_id"] == "e1"
        assert "secret" not in orjson.dumps(error).decode()
        await ear.send(type="session.update", session={})
        await ear.until("session.updated")


async def test_oversized_frames(tmp_path: Path) -> None:
    async with live_server(tmp_path, limits={"max_frame_bytes": 200_000}) as server, listening(server) as ear:
        await ear.send(type="input_audio_buffer.append", audio="A" * 300_000)
        assert (await ear.until("error"))["error"]["code"] == "message_too_large"
        # A large frame below the limit is parsed elsewhere, and nothing overtakes it.
        await ear.send(type="session.update", session={"audio": {"input": {"turn_detection": None}}})
        await ear.say(tone(2.0), chunk=96_000)
        await ear.send(type="input_audio_buffer.commit")
        heard = await ear.until("conversation.item.input_audio_transcription.completed")
        assert heard["transcript"] == "I spoke for 2.0 seconds."


# -- odd sound ------------------------------------------------------------------------------------------


async def test_silence_and_noise_make_no_turn(server: Server) -> None:
    server.stt.words = lambda seconds: ""
    noise = (np.random.default_rng(1).normal(0, 0.3, 48_000) * 32767).clip(-32768, 32767).astype("<i2")
    async with listening(server) as ear:
        await ear.send(type="session.update", session={"kaikou": {"events": True}})
        await ear.say(silence(2.0) + noise.tobytes() + silence(2.0))
        dropped = await ear.until("kaikou.speech_dropped")
        stopped = [event for event in ear.events if event["type"] == "input_audio_buffer.speech_stopped"]
        assert stopped[0]["item_id"] == dropped["item_id"]
        assert not [kind for kind in ear.types() if kind.startswith(("conversation.", "response."))]
        # And words still make one.
        server.stt.words = lambda seconds: "words"
        await ear.say(tone(0.6) + silence(1.5))
        await ear.until("response.done")


async def test_two_hours_of_sound(server: Server) -> None:
    """Fast-forwarded: a phrase every ten minutes, with two hours' worth of frames."""
    server.llm.reply = lambda messages: "Yes."
    ten_seconds = orjson.dumps(
        {"type": "input_audio_buffer.append", "audio": base64(silence(10.0, 8000))}
    ).decode()
    async with listening(server) as ear:
        audio = {"input": {"format": {"type": "audio/pcm", "rate": 8000}}}
        await ear.send(type="session.update", session={"audio": audio})
        await ear.until("session.updated")
        (session,) = server.live.sessions
        for _ in range(12):
            for _ in range(60):
                await ear.socket.send(ten_seconds)
            await ear.say(tone(0.8, 8000) + silence(1.5, 8000), chunk=3200)
            await ear.until("response.done", seconds=30)
        listener = session.conversation.listening
        assert listener.recording.end_ms > 2 * 3600 * 1000
        # What was heard long ago is forgotten.
        assert listener.recording.end_ms - listener.recording.start_ms < 30_000
        started = [event for event in ear.events if event["type"] == "input_audio_buffer.speech_started"]
        assert len(started) == 12 and started[-1]["audio_start_ms"] > 7000 * 1000
        assert "error" not in ear.types()


async def test_g711_and_other_rates(server: Server) -> None:
    async with listening(server) as ear:
        audio = {
            "input": {"format": {"type": "audio/pcmu"}, "turn_detection": None},
            "output": {"format": {"type": "audio/pcma"}},
        }
        await ear.send(type="session.update", session={"audio": audio})
        updated = await ear.until("session.updated")
        assert updated["session"]["audio"]["output"]["format"] == {"type": "audio/pcma"}
        await ear.say(g711.encode_int16(tone(1.0, 8000), "mulaw"))
        await ear.send(type="input_audio_buffer.commit")
        heard = await ear.until("conversation.item.input_audio_transcription.completed")
        assert heard["transcript"] == "I spoke for 1.0 seconds."
        await ear.send(type="conversation.item.retrieve", item_id=heard["item_id"])
        item = (await ear.until("conversation.item.retrieved"))["item"]
        assert len(item["content"][0]["audio"]) == pytest.approx(8000 * 4 / 3, rel=0.02)


async def test_a_transcription_session_never_answers(server: Server) -> None:
    async with listening(server, "/v1/realtime?intent=transcription") as ear:
        session = ear.events[0]["session"]
        assert session["type"] == "transcription" and "output" not in session["audio"]
        await ear.say(tone(0.8) + silence(2.5))
        await ear.until("conversation.item.input_audio_transcription.completed")
        await asyncio.sleep(0.3)
        assert not server.llm.prompts


# -- admission ------------------------------------------------------------------------------------------


@asynccontextmanager
async def refused(server: Server, path: str = "/v1/realtime") -> AsyncIterator[tuple[dict[str, Any], int]]:
    async with server.socket(path) as socket:
        error = orjson.loads(await socket.recv())
        await socket.wait_closed()
        check(error)
        yield error["error"], socket.close_code


async def test_refusals_are_said_before_the_socket_closes(tmp_path: Path) -> None:
    async with live_server(tmp_path, live={"max_sessions": 1}) as server:
        server.ready = False
        async with refused(server) as (error, code):
            assert error["code"] == "not_ready" and "40 %" in error["message"] and code == 1013
        server.ready = True
        for path, wanted in (
            ("/v1/realtime?agent=nobody", "agent_not_found"),
            ("/v1/realtime?conversation_id=conv_x", "conversation_not_found"),
            ("/v1/realtime?call_id=rtc_1", "calls_not_supported"),
        ):
            async with refused(server, path) as (error, code):
                assert error["code"] == wanted and code == 1008
        async with listening(server), refused(server) as (error, code):
            assert error["code"] == "session_limit_reached" and code == 1013
        await server.settled()
        server.runtime.draining = True
        async with refused(server) as (error, code):
            assert error["code"] == "server_stopping" and code == 1013


async def test_who_is_refused_for_want_of_room_has_nothing_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_server(tmp_path, live={"max_sessions": 1}) as server, listening(server):
        monkeypatch.setattr("kaikou.api.openai.realtime.Connection", None)
        monkeypatch.setattr("kaikou.api.openai.realtime.LiveSession", None)
        async with refused(server) as (error, code):
            assert error["code"] == "session_limit_reached" and code == 1013


async def test_without_a_key_nobody_gets_in(tmp_path: Path) -> None:
    async with live_server(tmp_path, api_keys=["sk-test"]) as server:
        with pytest.raises(InvalidStatus) as caught:
            async with server.socket():
                pass
        assert caught.value.response.status_code == 401
        async with server.socket(additional_headers={"authorization": "Bearer sk-test"}) as socket:
            assert b"session.created" in await socket.recv(decode=False)


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ([], None),
        (["realtime", "openai-insecure-api-key.k", "openai-agents-sdk.0.20.0"], "realtime"),
        (["openai-agents-sdk.0.20.0", "realtime"], "realtime"),
        (["openai-insecure-api-key.k", "other"], "other"),
        (["openai-insecure-api-key.k"], None),
    ],
)
def test_subprotocols(offered: list[str], chosen: str | None) -> None:
    assert pick_subprotocol(offered) == chosen


async def test_agents_by_address_and_by_session(server: Server) -> None:
    agent = await server.runtime.agents.create(
        {"name": "A", "prompt": "Be brief.", "voice": "af_heart", "greeting": "Hello."}
    )
    async with listening(server, f"/v1/realtime?agent={agent.id}") as ear:
        session = ear.events[0]["session"]
        assert session["instructions"] == "Be brief." and session["kaikou"]["agent"] == agent.id
        assert session["audio"]["output"]["voice"] == "af_heart"
        assert (await ear.until("response.done"))["response"]["output"][0]["content"][0][
            "transcript"
        ] == "Hello."
    await server.settled()
    async with listening(server) as ear:
        await ear.send(type="session.update", session={"kaikou": {"agent": "nobody"}})
        assert (await ear.until("error"))["error"]["code"] == "agent_not_found"
        await ear.send(type="session.update", session={"kaikou": {"agent": agent.id}})
        assert (await ear.until("session.updated"))["session"]["instructions"] == "Be brief."
        await ear.until("response.done")
        await ear.send(type="session.update", session={"kaikou": {"agent": "partner"}})
        assert (await ear.until("error"))["error"]["code"] == "conversation_has_begun"
        assert len(server.live.sessions) == 1


async def test_a_stored_conversation_is_taken_up_again(server: Server) -> None:
    async with listening(server) as ear:
        await ear.send(type="session.update", session={"kaikou": {"events": True}})
        conversation = (await ear.until("session.updated"))["session"]["kaikou"]["conversation_id"]
        item = {
            "type": "message",
            "role": "user",
            "content": [{"type": "input_text", "text": "Remember me."}],
        }
        await ear.send(type="conversation.item.create", item=item)
        await ear.send(type="response.create")
        await ear.until("response.done")
        await asyncio.sleep(0.5)  # history keeps what was heard: let it play
    await server.settled()
    async with listening(server, f"/v1/realtime?conversation_id={conversation}") as ear:
        await ear.send(type="response.create")
        created = await ear.until("conversation.item.added")
        assert created["previous_item_id"] is not None
        await ear.until("response.done")
        assert [message.content for message in server.llm.prompts[-1][1:]] == ["Remember me.", ANSWER]


# -- coming back ------------------------------------------------------------------------------------------


async def start_talking(ear: Ear) -> tuple[str, dict[str, Any]]:
    """Ask for the extensions and a long reply; its conversation and first piece of sound."""
    await ear.send(type="session.update", session={"kaikou": {"events": True}})
    conversation = (await ear.until("session.updated"))["session"]["kaikou"]["conversation_id"]
    await ear.send(type="response.create")
    return conversation, await ear.until("response.output_audio.delta")


@pytest.mark.parametrize("named", [True, False])
async def test_resume_after_a_drop(server: Server, named: bool) -> None:
    server.llm.reply = lambda messages: "One two three four five six seven eight nine ten. " * 3
    async with listening(server) as ear:
        conversation, first = await start_talking(ear)
        heard = ear.events
        ear.socket.transport.abort()
    path = f"/v1/realtime?conversation_id={conversation}" if named else "/v1/realtime"
    async with listening(server, path) as ear:
        await ear.send(
            type="kaikou.resume", conversation_id=conversation, last_event_id=first["event_id"], played_ms=0
        )
        done = await ear.until("response.done")
        assert done["response"]["status"] == "completed"
        assert len(server.live.sessions) == 1
        deltas = [
            event["delta"]
            for event in heard + ear.events
            if event["type"] == "response.output_audio_transcript.delta"
        ]
        assert "".join(deltas).strip() == done["response"]["output"][0]["content"][0]["transcript"]
        # All of the sound comes (again), because nothing of it was played.
        sound = sum(
            len(event["delta"]) * 3 / 4 / 48_000
            for event in ear.events
            if event["type"] == "response.output_audio.delta"
        )
        least, most = spoken_seconds("".join(deltas))
        assert least < sound < most
        ids = [event["event_id"] for event in heard[1:] + ear.events[1:]]
        assert len(set(ids)) == len(ids)


async def test_resume_while_the_old_line_still_seems_alive(server: Server) -> None:
    server.llm.reply = lambda messages: "One two three four five six seven eight nine ten. " * 3
    async with listening(server) as old:
        conversation, first = await start_talking(old)
        async with listening(server) as ear:
            await ear.send(
                type="kaikou.resume", conversation_id=conversation, last_event_id=first["event_id"]
            )
            await ear.until("response.done")
            with contextlib.suppress(ConnectionClosed):
                while True:
                    await old.next()
            assert old.socket.close_code == 4001
            assert len(server.live.sessions) == 1


async def test_a_named_conversation_goes_on_without_resume(server: Server) -> None:
    server.runtime.settings.live.attach_seconds = 0.1
    server.llm.reply = lambda messages: "One two three four five six seven eight nine ten. " * 3
    async with listening(server) as ear:
        conversation, _ = await start_talking(ear)
        ear.socket.transport.abort()
    async with listening(server, f"/v1/realtime?conversation_id={conversation}") as ear:
        await ear.until("response.done")


async def test_nobody_comes_back(server: Server) -> None:
    async with listening(server) as ear:
        conversation, _ = await start_talking(ear)
        ear.socket.transport.abort()
    await asyncio.sleep(0.2)
    assert len(server.live.sessions) == 1
    await server.settled()
    async with listening(server) as ear:
        await ear.send(type="kaikou.resume", conversation_id=conversation)
        assert (await ear.until("error"))["error"]["code"] == "resume_not_found"
        await ear.send(type="session.update", session={})
        await ear.send(type="kaikou.resume", conversation_id=conversation)
        assert (await ear.until("error"))["error"]["code"] == "resume_too_late"


async def test_a_goodbye_frees_the_place_at_once(server: Server) -> None:
    async with listening(server) as ear:
        await start_talking(ear)
    await server.settled(seconds=1.0)


# -- leaving --------------------------------------------------------------------------------------------


async def test_killed_clients_free_tasks_memory_and_places(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    alive: weakref.WeakSet[LiveSession] = weakref.WeakSet()

    class Counted(LiveSession):
        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **more)
            alive.add(self)

    monkeypatch.setattr(realtime, "LiveSession", Counted)

    async def die(extensions: bool) -> None:
        async with listening(server) as ear:
            if extensions:
                await start_talking(ear)
            else:
                await ear.say(tone(0.5))
            ear.socket.transport.abort()

    await die(False)
    await server.settled()
    await asyncio.sleep(0.05)
    tasks = len(asyncio.all_tasks())
    for number in range(6):
        await die(extensions=number % 2 == 0)
    assert alive  # those that may still come back
    await server.settled()
    async with asyncio.timeout(5):
        while len(asyncio.all_tasks()) > tasks:
            await asyncio.sleep(0.02)
    assert server.llm.running == 0 and server.tts.running == 0
    assert server.live.pacer.active == 0
    assert len(server.runtime.extras["realtime.resumable"]) == 0
    gc.collect()
    assert not alive


async def test_a_client_that_does_not_read_is_let_go(server: Server) -> None:
    limits = server.runtime.settings.limits
    limits.outbox_messages, limits.outbox_chars, limits.send_seconds = 64, 100_000, 0.5
    async with listening(server) as other:
        async with server.socket(max_queue=1) as socket:
            await socket.recv()
            socket.transport.pause_reading()
            big = frame(type="session.update", session={"instructions": "x" * 50_000})
            with contextlib.suppress(ConnectionClosed, TimeoutError):
                async with asyncio.timeout(5):
                    while len(server.live.sessions) > 1:
                        await socket.send(big)
            await server.settled(1, seconds=20)
            socket.transport.abort()
        # Nobody else noticed.
        await other.send(type="session.update", session={})
        await other.until("session.updated")


async def test_the_server_ends_a_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with live_server(tmp_path) as server, listening(server) as ear:
        (session,) = server.live.sessions
        session.conversation.sink(Failed("session_idle", "Nothing was received.", fatal=True))
        assert (await ear.until("error"))["error"]["code"] == "session_idle"
        await ear.socket.wait_closed()
        assert ear.socket.close_code == 1000
        await server.settled()
