"""Golden rendering: what each domain event says on the wire, and that the SDK's types accept it."""

from __future__ import annotations

from typing import Any

import pytest
from api.openai.conformance import check

from kaikou.api.openai import beta
from kaikou.api.openai.ledger import Ledger
from kaikou.api.openai.server_events import Renderer, error_event
from kaikou.api.openai.session_config import describe, merge
from kaikou.api.openai.session_models import RealtimeSession
from kaikou.api.openai.wire_state import WireState
from kaikou.dialogue import events as ev
from kaikou.dialogue.items import AudioPart, Item, TextPart
from kaikou.dialogue.session import SessionConfig
from kaikou.engines.ports import ToolCall, Transcript, Usage, Word
from kaikou.errors import InvalidInput, LimitReached


def renderer(items: tuple[str, ...] = (), **patch: Any) -> Renderer:
    session = merge(describe(SessionConfig(), RealtimeSession()), patch)
    return Renderer(WireState(session, "conv_1"), Ledger(items))


def rendered(target: Renderer, *events: ev.Event) -> list[dict[str, Any]]:
    bodies = [body for event in events for body in target.render(event)]
    for number, body in enumerate(bodies):
        check({**body, "event_id": f"event_{number}"})
        translated = beta.downgrade({**body, "event_id": f"event_{number}"})
        if translated is not None:
            check(translated, beta=True)
    return bodies


USER = Item("item_u", role="user", parts=(AudioPart("hello"),))
WORDS = Transcript("hello", "en", seconds=1.25)


def test_the_users_turn() -> None:
    bodies = rendered(
        renderer(("item_0",)),
        ev.SpeechStarted("item_u", 120),
        ev.SpeechStopped("item_u", 1400),
        ev.TurnCommitted("item_u", "item_0"),
        ev.ItemAdded(USER, "item_0"),
        ev.ItemDone(USER, "item_0"),
        ev.TranscriptFinal("item_u", WORDS),
    )
    item = {
        "id": "item_u",
        "object": "realtime.item",
        "type": "message",
        "status": "completed",
        "role": "user",
        "content": [{"type": "input_audio", "transcript": "hello"}],
    }
    transcription = "conversation.item.input_audio_transcription"
    assert bodies == [
        {"type": "input_audio_buffer.speech_started", "audio_start_ms": 120, "item_id": "item_u"},
        {"type": "input_audio_buffer.speech_stopped", "audio_end_ms": 1400, "item_id": "item_u"},
        {"type": "input_audio_buffer.committed", "item_id": "item_u", "previous_item_id": "item_0"},
        {"type": "conversation.item.added", "previous_item_id": "item_0", "item": item},
        {"type": "conversation.item.done", "previous_item_id": "item_0", "item": item},
        {"type": f"{transcription}.delta", "item_id": "item_u", "content_index": 0, "delta": "hello"},
        {
            "type": f"{transcription}.completed",
            "item_id": "item_u",
            "content_index": 0,
            "transcript": "hello",
            "usage": {"type": "duration", "seconds": 1.25},
            "languages": [{"code": "en"}],
        },
    ]


def test_a_spoken_reply_in_order() -> None:
    target = renderer(("item_u",))
    item = Item("item_a", role="assistant", status="in_progress")
    done = Item("item_a", role="assistant", parts=(AudioPart("Hi there."),))
    bodies = rendered(
        target,
        ev.ReplyStarted("resp_1", "item_a", True, metadata=(("k", "v"),)),
        ev.ItemAdded(item, "item_u"),
        ev.ReplyText("resp_1", "item_a", "Hi "),
        ev.ReplyText("resp_1", "item_a", "there."),
        ev.AudioOut("resp_1", "item_a", b"\x00\x01", 0),
        ev.AudioDone("resp_1", "item_a", 1),
        ev.ItemDone(done, "item_u"),
        ev.ReplyDone("resp_1", done, "Hi there.", "completed", usage=Usage(7, 3, 2)),
    )
    place = {"response_id": "resp_1", "item_id": "item_a", "output_index": 0, "content_index": 0}
    assert [body["type"] for body in bodies] == [
        "response.created",
        "response.output_item.added",
        "conversation.item.added",
        "response.content_part.added",
        "response.output_audio_transcript.delta",
        "response.output_audio_transcript.delta",
        "response.output_audio.delta",
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "response.output_item.done",
        "conversation.item.done",
        "response.done",
        "rate_limits.updated",
    ]
    assert bodies[0]["response"] == {
        "id": "resp_1",
        "object": "realtime.response",
        "status": "in_progress",
        "status_details": None,
        "output": [],
        "conversation_id": "conv_1",
        "output_modalities": ["audio"],
        "max_output_tokens": "inf",
        "audio": {"output": {"format": {"type": "audio/pcm", "rate": 24000}, "voice": None}},
        "usage": None,
        "metadata": {"k": "v"},
    }
    assert bodies[2]["previous_item_id"] == "item_u"
    assert bodies[2]["item"] == {
        "id": "item_a",
        "object": "realtime.item",
        "type": "message",
        "status": "in_progress",
        "role": "assistant",
        "content": [],
    }
    assert bodies[3] == {
        "type": "response.content_part.added",
        **place,
        "part": {"type": "audio", "transcript": ""},
    }
    assert bodies[6] == {"type": "response.output_audio.delta", **place, "delta": "AAE="}
    assert bodies[8]["transcript"] == "Hi there."
    response = bodies[12]["response"]
    assert response["status"] == "completed" and response["status_details"] == {"type": "completed"}
    assert response["output"] == [bodies[10]["item"]]
    assert response["output"][0]["content"] == [{"type": "output_audio", "transcript": "Hi there."}]
    assert response["usage"]["total_tokens"] == 9
    assert response["usage"]["input_token_details"]["cached_tokens"] == 3


def test_a_written_reply_has_text_events() -> None:
    target = renderer(output_modalities=["text"])
    done = Item("item_a", role="assistant", parts=(TextPart("Hi"),))
    bodies = rendered(
        target,
        ev.ReplyStarted("resp_1", "item_a", False),
        ev.ReplyText("resp_1", "item_a", "Hi"),
        ev.ReplyDone("resp_1", done, "Hi", "completed"),
    )
    kinds = [body["type"] for body in bodies]
    assert kinds[4:6] == ["response.output_text.delta", "response.output_text.done"]
    assert bodies[-2]["response"]["output"][0]["content"] == [{"type": "output_text", "text": "Hi"}]
    assert bodies[-2]["response"]["usage"]["total_tokens"] == 0


def test_tool_calls_come_whole_and_in_order() -> None:
    target = renderer(("item_u",))
    call = ToolCall("call_1", "weather", '{"city":"Oslo"}')
    item = Item("item_f", "function_call", call_id="call_1", name="weather", arguments=call.arguments)
    bodies = rendered(
        target,
        ev.ReplyStarted("resp_1", "item_a", True),
        ev.ItemAdded(item, "item_u"),
        ev.ToolCalled("resp_1", item, call),
        ev.ItemDone(item, "item_u"),
        ev.ReplyDone("resp_1", None, "", "completed"),
    )
    assert [body["type"] for body in bodies] == [
        "response.created",
        "response.output_item.added",
        "conversation.item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.output_item.done",
        "conversation.item.done",
        "response.done",
        "rate_limits.updated",
    ]
    assert bodies[1]["item"]["status"] == "in_progress" and bodies[1]["item"]["arguments"] == ""
    assert bodies[4] == {
        "type": "response.function_call_arguments.done",
        "response_id": "resp_1",
        "output_index": 0,
        "item_id": "item_f",
        "call_id": "call_1",
        "name": "weather",
        "arguments": '{"city":"Oslo"}',
    }
    assert bodies[5]["item"]["status"] == "completed"
    assert bodies[-2]["response"]["output"] == [bodies[5]["item"]]


def test_a_clients_own_function_call_item_is_announced_once() -> None:
    item = Item("item_f", "function_call", call_id="c", name="n", arguments="{}")
    bodies = rendered(renderer(), ev.ItemAdded(item, None), ev.ItemDone(item, None))
    assert [body["type"] for body in bodies] == ["conversation.item.added", "conversation.item.done"]
    assert bodies[0]["previous_item_id"] is None


@pytest.mark.parametrize(
    ("status", "reason", "details"),
    [
        ("cancelled", "turn_detected", {"type": "cancelled", "reason": "turn_detected"}),
        ("cancelled", "client_cancelled", {"type": "cancelled", "reason": "client_cancelled"}),
        ("incomplete", "max_output_tokens", {"type": "incomplete", "reason": "max_output_tokens"}),
        ("incomplete", "content_filter", {"type": "incomplete", "reason": "content_filter"}),
    ],
)
def test_unfinished_replies_say_why(status: Any, reason: Any, details: dict[str, Any]) -> None:
    heard = Item("item_a", role="assistant", parts=(AudioPart("Hi"),), status="incomplete")
    bodies = rendered(
        renderer(),
        ev.ReplyStarted("resp_1", "item_a", True),
        ev.ReplyText("resp_1", "item_a", "Hi there."),
        ev.ReplyDone("resp_1", heard, "Hi there.", status, reason),
    )
    response = bodies[-2]["response"]
    assert response["status"] == status and response["status_details"] == details
    assert response["output"][0]["status"] == "incomplete"
    # What was said of it is what was generated; what history keeps is what was heard.
    transcript = next(body for body in bodies if body["type"] == "response.output_audio_transcript.done")
    assert transcript["transcript"] == "Hi there."
    assert response["output"][0]["content"][0]["transcript"] == "Hi"


def test_a_failed_reply_carries_its_error() -> None:
    bodies = rendered(
        renderer(),
        ev.ReplyStarted("resp_1", "item_a", True),
        ev.Failed("engine_failed", "No answer.", reply_id="resp_1"),
        ev.ReplyDone("resp_1", None, "", "failed", error_code="engine_failed", error_message="No answer."),
    )
    assert [body["type"] for body in bodies] == ["response.created", "response.done", "rate_limits.updated"]
    assert bodies[1]["response"]["status_details"]["error"] == {
        "type": "server_error",
        "code": "engine_failed",
        "message": "No answer.",
    }


def test_replies_out_of_band_touch_no_conversation() -> None:
    item = Item("item_a", role="assistant", parts=(TextPart("Hi"),))
    bodies = rendered(
        renderer(),
        ev.ReplyStarted("resp_1", "item_a", False, in_conversation=False),
        ev.ReplyText("resp_1", "item_a", "Hi"),
        ev.ReplyDone("resp_1", item, "Hi", "completed"),
    )
    assert not [body for body in bodies if body["type"].startswith("conversation.")]
    assert bodies[-2]["response"]["conversation_id"] is None


def test_late_and_unknown_replies_are_harmless() -> None:
    target = renderer()
    assert rendered(target, ev.AudioOut("resp_x", "item_x", b"", 0), ev.ReplyText("resp_x", "i", "x")) == []
    rendered(
        target,
        ev.ReplyStarted("resp_1", "item_a", True),
        ev.ReplyText("resp_1", "item_a", "Hi"),
        ev.ReplyDone("resp_1", None, "Hi", "completed"),
    )
    # A client that came back gets sound of a finished reply again.
    assert [body["type"] for body in rendered(target, ev.AudioOut("resp_1", "item_a", b"\0\0", 0))] == [
        "response.output_audio.delta"
    ]
    assert rendered(target, ev.ReplyDone("resp_1", None, "Hi", "completed")) == []


def test_small_events() -> None:
    cases: list[tuple[ev.Event, list[dict[str, Any]]]] = [
        (ev.InputCleared(), [{"type": "input_audio_buffer.cleared"}]),
        (
            ev.IdleTimeout("item_i", 10, 20),
            [
                {
                    "type": "input_audio_buffer.timeout_triggered",
                    "audio_start_ms": 10,
                    "audio_end_ms": 20,
                    "item_id": "item_i",
                }
            ],
        ),
        (ev.ItemDeleted("item_x"), [{"type": "conversation.item.deleted", "item_id": "item_x"}]),
        (
            ev.ItemTruncated("item_x", 700, "Hi"),
            [
                {
                    "type": "conversation.item.truncated",
                    "item_id": "item_x",
                    "content_index": 0,
                    "audio_end_ms": 700,
                }
            ],
        ),
        (
            ev.TranscriptFailed("item_x", "engine_failed", "No."),
            [
                {
                    "type": "conversation.item.input_audio_transcription.failed",
                    "item_id": "item_x",
                    "content_index": 0,
                    "error": {
                        "type": "server_error",
                        "code": "engine_failed",
                        "message": "No.",
                        "param": None,
                    },
                }
            ],
        ),
        (
            ev.Interrupted("resp_1", "item_x", 5, "Hi", cleared=True),
            [{"type": "output_audio_buffer.cleared", "response_id": "resp_1"}],
        ),
        (ev.Interrupted("resp_1", "item_x", 5, "Hi"), []),
        (
            ev.Failed("not_ready", "Wait.", "A little."),
            [
                {
                    "type": "error",
                    "error": {
                        "type": "server_error",
                        "code": "not_ready",
                        "message": "Wait. A little.",
                        "param": None,
                        "event_id": None,
                    },
                }
            ],
        ),
    ]
    for event, expected in cases:
        assert rendered(renderer(), event) == expected


def test_extensions_only_for_those_who_ask() -> None:
    word = Word("Hi", 0.1, 0.25, span=(4, 6))
    timed = {"start_ms": 100, "end_ms": 250, "char_start": 4, "char_end": 6, "measured": True, "text": "Hi"}
    events: list[tuple[ev.Event, dict[str, Any]]] = [
        (ev.EmotionShown("r", "happy", "🙂"), {"type": "kaikou.emotion", "response_id": "r"}),
        (
            ev.SentenceStarted("r", "i", "Hi.", 0, (4, 7)),
            {"type": "kaikou.sentence", "start_ms": 0, "char_start": 4, "char_end": 7},
        ),
        (ev.WordSpoken("r", "i", word), {"type": "kaikou.word", **timed}),
        (ev.PlaybackPaused("r"), {"type": "kaikou.playback.paused", "response_id": "r"}),
        (ev.PlaybackResumed("r"), {"type": "kaikou.playback.resumed", "response_id": "r"}),
        (ev.SpeechDropped("i"), {"type": "kaikou.speech_dropped", "item_id": "i"}),
        (ev.TranscriptPartial("i", "Hel"), {"type": "kaikou.transcript.partial", "text": "Hel"}),
        (ev.Interrupted("r", "i", 5, "H"), {"type": "kaikou.interrupted", "heard_text": "H"}),
        (
            ev.Metrics("t", "r", (ev.Stage("first_token", 0.1, 0.3, 0.05),), 0.8, 1, (("llm", "x"),)),
            {
                "type": "kaikou.turn.metrics",
                "turn_id": "t",
                "total": 0.8,
                "stages": [{"name": "first_token", "start": 0.1, "end": 0.3, "queued": 0.05}],
                "engines": {"llm": "x"},
            },
        ),
    ]
    for event, expected in events:
        assert rendered(renderer(), event) == []
        (body,) = rendered(renderer(kaikou={"events": True}), event)
        assert expected.items() <= body.items()


def test_dropped_speech_ends_what_was_begun() -> None:
    target = renderer()
    target.state.heard_seconds = 2.0
    bodies = rendered(target, ev.SpeechStarted("item_u", 100), ev.SpeechDropped("item_u"))
    assert bodies[1] == {
        "type": "input_audio_buffer.speech_stopped",
        "audio_end_ms": 2000,
        "item_id": "item_u",
    }


def test_no_transcription_events_for_those_who_switched_them_off() -> None:
    target = renderer(audio={"input": {"transcription": None}})
    assert (
        rendered(target, ev.TranscriptFinal("item_u", WORDS), ev.TranscriptFailed("item_u", "c", "m")) == []
    )


def test_errors_name_the_offending_event() -> None:
    error = InvalidInput("Bad.", code="invalid_value", param="audio", hint="Do better.")
    assert error_event(error, "evt_7") == {
        "type": "error",
        "error": {
            "type": "invalid_request_error",
            "code": "invalid_value",
            "message": "Bad. Do better.",
            "param": "audio",
            "event_id": "evt_7",
        },
    }
    assert error_event(LimitReached("Full."))["error"]["type"] == "rate_limit_error"


def test_every_domain_event_has_a_rendering() -> None:
    from typing import get_args

    assert set(renderer()._table) == set(get_args(ev.Event))
