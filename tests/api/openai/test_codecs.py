"""Client events, items and audio: from the wire and back."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaikou.api.openai import client_events as ce
from kaikou.api.openai.audio_format import AudioFormat
from kaikou.api.openai.items_codec import decode_item, encode_item
from kaikou.api.openai.ledger import Ledger
from kaikou.api.openai.resume import Entry, EventLog
from kaikou.audio.pcm import Pcm
from kaikou.dialogue.items import AudioPart, ImagePart, Item, TextPart
from kaikou.errors import InvalidInput, KaikouError

PCM = AudioFormat()


def test_all_eleven_events_and_ours_are_known() -> None:
    assert set(ce.MODELS) == {
        "session.update",
        "transcription_session.update",
        "input_audio_buffer.append",
        "input_audio_buffer.commit",
        "input_audio_buffer.clear",
        "output_audio_buffer.clear",
        "conversation.item.create",
        "conversation.item.retrieve",
        "conversation.item.truncate",
        "conversation.item.delete",
        "response.create",
        "response.cancel",
        "kaikou.resume",
    }


@pytest.mark.parametrize(
    ("frame", "code", "param"),
    [
        ("", "invalid_json", None),
        ("{", "invalid_json", None),
        (b"\xff\xfe", "invalid_json", None),
        ("[]", "invalid_event", None),
        ('"x"', "invalid_event", None),
        ("{}", "missing_required_parameter", "type"),
        ('{"type": 5}', "unknown_event_type", "type"),
        ('{"type": "no.such"}', "unknown_event_type", "type"),
        ('{"type": "session.update"}', "missing_required_parameter", "session"),
        ('{"type": "session.update", "session": []}', "invalid_type", "session"),
        ('{"type": "input_audio_buffer.append"}', "missing_required_parameter", "audio"),
        ('{"type": "input_audio_buffer.append", "audio": 1}', "invalid_type", "audio"),
        ('{"type": "conversation.item.create"}', "missing_required_parameter", "item"),
        ('{"type": "conversation.item.delete", "item_id": ""}', "invalid_value", "item_id"),
        ('{"type": "conversation.item.retrieve", "item_id": null}', "invalid_type", "item_id"),
        (
            '{"type": "conversation.item.truncate", "item_id": "i", "content_index": 0, "audio_end_ms": -1}',
            "invalid_value",
            "audio_end_ms",
        ),
        (
            '{"type": "conversation.item.truncate", "item_id": "i", "content_index": "0", "audio_end_ms": 1}',
            "invalid_type",
            "content_index",
        ),
        ('{"type": "response.create", "response": 1}', "invalid_type", "response"),
        ('{"type": "response.cancel", "response_id": 1}', "invalid_type", "response_id"),
        ('{"type": "input_audio_buffer.commit", "event_id": 7}', "invalid_type", "event_id"),
        ('{"type": "kaikou.resume"}', "missing_required_parameter", "conversation_id"),
    ],
)
def test_bad_frames_are_named(frame: str | bytes, code: str, param: str | None) -> None:
    with pytest.raises(InvalidInput) as caught:
        ce.parse(ce.read(frame))
    assert (caught.value.code, caught.value.param) == (code, param)


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_no_frame_raises_anything_else(frame: str | bytes) -> None:
    with contextlib.suppress(InvalidInput):
        ce.parse(ce.read(frame))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from(
    ["type", "role", "content", "id", "call_id", "name", "arguments", "output", "text", "audio"]
)
VALUES = JSON | st.sampled_from(
    ["message", "function_call", "user", "assistant", "input_text", "input_audio", "AAA="]
)


@given(
    st.dictionaries(
        KEYS, VALUES | st.lists(st.dictionaries(KEYS, VALUES, max_size=4), max_size=3), max_size=6
    )
)
def test_no_item_raises_anything_else(raw: dict[str, Any]) -> None:
    try:
        item = decode_item(raw, PCM)
    except InvalidInput as error:
        assert error.param is not None and error.param.startswith("item")
    else:
        orjson.dumps(encode_item(item, PCM))


def test_items_both_ways() -> None:
    sound = Pcm(np.array([0, 0.5, -0.5], np.float32), 24_000)
    wire = PCM.encode_pcm(sound)
    cases: list[tuple[dict[str, Any], Item]] = [
        (
            {"type": "message", "role": "system", "content": [{"type": "input_text", "text": "Be kind."}]},
            Item("i", role="system", parts=(TextPart("Be kind."),)),
        ),
        (
            {
                "type": "message",
                "role": "user",
                "content": [
                    {"type": "input_text", "text": "Look"},
                    {"type": "input_image", "image_url": "data:image/png;base64,AA=="},
                ],
            },
            Item("i", role="user", parts=(TextPart("Look"), ImagePart("data:image/png;base64,AA=="))),
        ),
        (
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hi"}]},
            Item("i", role="assistant", parts=(TextPart("Hi"),)),
        ),
        (
            {
                "type": "message",
                "role": "assistant",
                "content": [{"type": "output_audio", "transcript": "Hi"}],
            },
            Item("i", role="assistant", parts=(AudioPart("Hi"),)),
        ),
        (
            {"type": "function_call", "call_id": "c", "name": "n", "arguments": "{}"},
            Item("i", "function_call", call_id="c", name="n", arguments="{}"),
        ),
        (
            {"type": "function_call_output", "call_id": "c", "output": "42"},
            Item("i", "function_call_output", call_id="c", output="42"),
        ),
    ]
    for raw, item in cases:
        assert decode_item({"id": "i", **raw}, PCM) == item
        assert encode_item(item) == {"id": "i", "object": "realtime.item", "status": "completed", **raw}
    heard = decode_item(
        {"id": "i", "role": "user", "content": [{"type": "input_audio", "audio": wire, "transcript": "x"}]},
        PCM,
    )
    assert encode_item(heard, PCM)["content"] == [{"type": "input_audio", "transcript": "x", "audio": wire}]
    assert encode_item(heard)["content"] == [{"type": "input_audio", "transcript": "x"}]
    # The beta's names for the same parts.
    old = decode_item({"id": "i", "role": "assistant", "content": [{"type": "text", "text": "Hi"}]}, PCM)
    assert old.parts == (TextPart("Hi"),)


@pytest.mark.parametrize(
    ("raw", "code", "param"),
    [
        ({"type": "mcp_call"}, "unsupported_item_type", "item.type"),
        ({"type": "song"}, "invalid_value", "item.type"),
        ({"role": "king", "content": []}, "invalid_value", "item.role"),
        ({"content": []}, "missing_required_parameter", "item.role"),
        ({"role": "user"}, "missing_required_parameter", "item.content"),
        ({"role": "user", "content": "Hi"}, "invalid_type", "item.content"),
        ({"role": "user", "content": [{}]}, "missing_required_parameter", "item.content.0.type"),
        (
            {"role": "user", "content": [{"type": "output_text", "text": "x"}]},
            "invalid_value",
            "item.content.0.type",
        ),
        (
            {"role": "user", "content": [{"type": "input_text"}]},
            "missing_required_parameter",
            "item.content.0.text",
        ),
        (
            {"role": "user", "content": [{"type": "input_audio", "audio": "?"}]},
            "invalid_base64",
            "item.content.0.audio",
        ),
        (
            {"role": "user", "content": [{"type": "input_image", "image_url": "file:///etc/passwd"}]},
            "invalid_value",
            "item.content.0.image_url",
        ),
        ({"type": "function_call_output", "call_id": "c", "output": 5}, "invalid_type", "item.output"),
        ({"type": "message", "id": "x" * 200}, "invalid_value", "item.id"),
    ],
)
def test_item_errors_name_the_field(raw: dict[str, Any], code: str, param: str) -> None:
    with pytest.raises(KaikouError) as caught:
        decode_item(raw, PCM)
    assert (caught.value.code, caught.value.param) == (code, param)


@pytest.mark.parametrize(
    ("text", "code"), [("AAA", "invalid_base64"), ("A A=", "invalid_base64"), ("AAAA", "invalid_audio")]
)
def test_audio_that_is_none(text: str, code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        PCM.decode(text)
    assert caught.value.code == code


@pytest.mark.parametrize("kind", ["audio/pcmu", "audio/pcma"])
def test_g711_formats(kind: str) -> None:
    telephone = AudioFormat(kind, 8000)
    wave = (np.sin(np.arange(800) / 8) * 12000).astype("<i2")
    heard = telephone.decode(telephone.encode(wave.tobytes()))
    assert heard.rate == 8000 and len(heard) == 800
    error = heard.samples - wave / 32768
    assert np.sqrt(np.mean(error**2)) < 0.01


def test_resampled_when_a_whole_item_is_asked_for() -> None:
    sound = Pcm(np.zeros(16_000, np.float32), 16_000)
    assert len(PCM.decode(PCM.encode_pcm(sound))) == 24_000


def test_the_ledger_keeps_order() -> None:
    ledger = Ledger(["a", "b"])
    ledger.insert("c", "a")
    ledger.insert("root", None)
    ledger.insert("c", "b")  # known already
    ledger.insert("d", "nobody")
    assert [ledger.previous(one) for one in ("root", "a", "c", "b", "d")] == [None, "root", "a", "c", "b"]
    ledger.remove("a")
    ledger.remove("a")
    assert ledger.previous("c") == "root"


def test_the_event_log_is_bounded_and_knows_it() -> None:
    log = EventLog(max_entries=3, max_chars=1000)
    for number in range(5):
        log.append(Entry(f"event_{number:08d}", str(number)))
    assert len(log) == 3
    assert log.after("event_00000003") == ["4"]
    assert log.reaches("event_00000002") and not log.reaches("event_00000000")
    log.append(Entry("event_00000005", "x" * 1000))
    assert len(log) == 1
