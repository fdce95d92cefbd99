"""The wire's session: merging updates, what they mean, and which field an error names."""

from __future__ import annotations

from typing import Any

import pytest
from api.openai.conformance import check

from kaikou.api.openai import beta
from kaikou.api.openai.session_config import describe, merge, render, reply_request, to_config
from kaikou.api.openai.session_models import RealtimeSession, ResponseParams
from kaikou.api.openai.validation import validated
from kaikou.dialogue.items import Item, TextPart
from kaikou.dialogue.session import SessionConfig, TurnPolicy
from kaikou.engines.ports import Tool, Voice
from kaikou.errors import InvalidInput

BASE = SessionConfig()
VOICES = [Voice("af_heart", "Heart", ("en",)), Voice("zf_xiaobei", "Xiaobei", ("zh",))]


def start(**patch: Any) -> RealtimeSession:
    return merge(describe(BASE, RealtimeSession()), patch)


def config(*patches: dict[str, Any], base: SessionConfig = BASE) -> SessionConfig:
    session = start()
    for patch in patches:
        session = merge(session, patch)
    return to_config(session, base, VOICES)


def test_an_untouched_session_changes_nothing() -> None:
    session = SessionConfig(
        instructions="Be brief.",
        language="zh",
        voice="zf_xiaobei",
        speed=1.2,
        turn=TurnPolicy(mode="server_vad", threshold=0.4, idle_timeout_ms=5000),
        stt_hint="Kaikou",
        max_tokens=50,
        temperature=0.3,
        tools=(Tool("a", "b", {"type": "object"}),),
        tool_choice="a",
        greeting="Hello",
    )
    wire = describe(session, RealtimeSession())
    assert to_config(wire, session, VOICES) == session
    assert to_config(merge(wire, {"tracing": "auto"}), session, VOICES) == session


def test_updates_change_only_what_they_name() -> None:
    first = {"instructions": "Be brief.", "audio": {"output": {"voice": "af_heart", "speed": 1.1}}}
    second = {"audio": {"input": {"turn_detection": {"type": "server_vad", "threshold": 0.7}}}}
    found = config(first, second)
    assert found.instructions == "Be brief." and found.voice == "af_heart" and found.speed == 1.1
    assert found.turn == TurnPolicy(mode="server_vad", threshold=0.7)
    # Another object for turn detection replaces the former whole.
    third = {"audio": {"input": {"turn_detection": {"type": "semantic_vad", "eagerness": "high"}}}}
    assert config(first, second, third).turn == TurnPolicy(eagerness="high")


def test_null_turns_things_off_and_they_stay_off() -> None:
    off = {"audio": {"input": {"turn_detection": None, "transcription": None}}}
    session = merge(merge(start(), off), {"instructions": "x"})
    assert session.audio.input.turn_detection is None and session.audio.input.transcription is None
    assert to_config(session, BASE, VOICES).turn.mode == "manual"


def test_formats_rates_and_modalities() -> None:
    found = config(
        {
            "output_modalities": ["text"],
            "max_output_tokens": 99,
            "audio": {
                "input": {"format": {"type": "audio/pcmu"}},
                "output": {"format": {"type": "audio/pcm", "rate": 16000}},
            },
        }
    )
    assert (found.input_rate, found.output_rate, found.audio_replies) == (8000, 16000, False)
    assert found.max_tokens == 99
    assert config({"max_output_tokens": 99}, {"max_output_tokens": "inf"}).max_tokens is None


def test_transcription_settings() -> None:
    found = config(
        {"audio": {"input": {"transcription": {"language": "zh", "prompt": "Kaikou", "keywords": ["K"]}}}}
    )
    assert found.stt_language == "zh" and found.stt_hint == "Kaikou K"
    assert config({"type": "transcription"}).transcribe_only


@pytest.mark.parametrize(
    ("name", "voice"),
    [("af_heart", "af_heart"), ("alloy", "af_heart"), ("onyx", None), ("marin", "af_heart")],
)
def test_openai_voices_have_stand_ins(name: str, voice: str | None) -> None:
    assert config({"audio": {"output": {"voice": name}}}).voice == voice
    assert config({"audio": {"output": {"voice": {"id": name}}}}).voice == voice


TOOL = {
    "type": "function",
    "name": "weather",
    "description": "d",
    "parameters": {"type": "object", "$schema": "x"},
}


def test_tools_and_their_choice() -> None:
    found = config({"tools": [TOOL], "tool_choice": {"type": "function", "name": "weather"}})
    assert found.tools == (Tool("weather", "d", {"type": "object", "$schema": "x"}),)
    assert found.tool_choice == "weather"
    assert config({"tools": [{"type": "function", "name": "n"}]}).tools[0].parameters["type"] == "object"


@pytest.mark.parametrize(
    ("patch", "code", "param"),
    [
        ({"instructions": 5}, "invalid_type", "session.instructions"),
        ({"type": "dance"}, "invalid_value", "session.type"),
        ({"audio": 5}, "invalid_type", "session.audio"),
        ({"audio": {"input": "x"}}, "invalid_type", "session.audio.input"),
        (
            {"audio": {"input": {"format": {"type": "audio/mp3"}}}},
            "invalid_value",
            "session.audio.input.format",
        ),
        ({"audio": {"input": {"format": {}}}}, "missing_required_parameter", "session.audio.input.format"),
        (
            {"audio": {"input": {"format": {"type": "audio/pcm", "rate": 4}}}},
            "invalid_value",
            "session.audio.input.format.rate",
        ),
        (
            {"audio": {"input": {"turn_detection": {"type": "server_vad", "threshold": "high"}}}},
            "invalid_type",
            "session.audio.input.turn_detection.threshold",
        ),
        (
            {"audio": {"input": {"turn_detection": {"type": "server_vad", "threshold": 2}}}},
            "invalid_value",
            "session.audio.input.turn_detection.threshold",
        ),
        ({"audio": {"output": {"voice": "nobody"}}}, "unknown_voice", "session.audio.output.voice"),
        ({"audio": {"output": {"speed": 9}}}, "invalid_value", "session.audio.output.speed"),
        ({"output_modalities": []}, "invalid_value", "session.output_modalities"),
        ({"output_modalities": ["smell"]}, "invalid_value", "session.output_modalities.0"),
        ({"max_output_tokens": 0}, "invalid_value", "session.max_output_tokens"),
        ({"tools": [{"type": "function"}]}, "missing_required_parameter", "session.tools.0.name"),
        ({"tools": [TOOL, TOOL]}, "invalid_value", "session.tools.1.name"),
        ({"tools": [{"type": "mcp", "server_label": "x"}]}, "mcp_not_supported", "session.tools.0"),
        ({"tool_choice": {"type": "mcp", "server_label": "x"}}, "mcp_not_supported", "session.tool_choice"),
        ({"prompt": {"id": "p"}}, "prompt_not_supported", "session.prompt"),
        ({"kaikou": 5}, "invalid_type", "session.kaikou"),
        ({"kaikou": {"events": "yes"}}, "invalid_type", "session.kaikou.events"),
    ],
)
def test_errors_name_the_field(patch: dict[str, Any], code: str, param: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        config(patch)
    assert (caught.value.code, caught.value.param) == (code, param)
    # Once extensions are in use, too.
    with pytest.raises(InvalidInput) as caught:
        config({"kaikou": {"events": True}}, patch)
    assert (caught.value.code, caught.value.param) == (code, param)


def test_what_the_agents_sdk_sends_is_taken() -> None:
    patch = {
        "type": "realtime",
        "instructions": "You are a helpful assistant.",
        "model": "gpt-realtime",
        "output_modalities": ["audio"],
        "audio": {
            "input": {
                "format": {"type": "audio/pcm", "rate": 24000},
                "noise_reduction": None,
                "transcription": {"model": "gpt-4o-mini-transcribe"},
                "turn_detection": {"type": "semantic_vad"},
            },
            "output": {"format": {"type": "audio/pcm", "rate": 24000}, "speed": 1, "voice": "ash"},
        },
        "tool_choice": "auto",
        "tools": [TOOL],
        "unheard_of": {"x": 1},
    }
    session = merge(start(), patch)
    body = render(session, "sess_1", 1_900_000_000)
    check({"type": "session.updated", "event_id": "e", "session": body})
    assert body["audio"]["output"]["voice"] == "ash"
    assert body["tools"][0]["parameters"]["$schema"] == "x"


def test_a_transcription_session_says_no_more_than_it_has() -> None:
    body = render(start(type="transcription"), "sess_1", 1)
    assert "output" not in body["audio"] and "instructions" not in body
    check({"type": "session.created", "event_id": "e", "session": body})


def test_beta_sessions_both_ways() -> None:
    flat = {
        "model": "gpt-4o-realtime-preview",
        "modalities": ["text", "audio"],
        "voice": "alloy",
        "input_audio_format": "g711_ulaw",
        "output_audio_format": "pcm16",
        "input_audio_transcription": {"model": "whisper-1"},
        "turn_detection": {"threshold": 0.6},
        "temperature": 0.8,
        "max_response_output_tokens": 100,
        "tools": [TOOL],
        "tool_choice": "auto",
    }
    session = merge(start(), beta.upgrade_session(flat))
    found = to_config(session, BASE, VOICES)
    assert found.input_rate == 8000 and found.max_tokens == 100 and found.temperature == 0.8
    assert found.turn == TurnPolicy(mode="server_vad", threshold=0.6)
    body = beta.downgrade(
        {"type": "session.updated", "event_id": "e", "session": render(session, "sess_1", 1)}
    )
    assert body is not None
    check(body, beta=True)
    told = body["session"]
    assert told["input_audio_format"] == "g711_ulaw" and told["modalities"] == ["text", "audio"]
    assert told["temperature"] == 0.8
    assert told["max_response_output_tokens"] == 100 and told["voice"] == "alloy"
    assert beta.upgrade_session({"turn_detection": None})["audio"]["input"]["turn_detection"] is None


def test_response_parameters() -> None:
    raw = {
        "conversation": "none",
        "instructions": "Say yes.",
        "output_modalities": ["text"],
        "max_output_tokens": 5,
        "metadata": {"a": "b"},
        "tools": [],
        "tool_choice": "none",
        "audio": {"output": {"voice": "alloy"}},
        "input": [
            {"type": "item_reference", "id": "item_1"},
            {"type": "message", "id": "i", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
        ],
    }
    request = reply_request(validated(ResponseParams, raw, "response"), start(), VOICES)
    assert request.in_conversation is False and request.audio_replies is False and request.tools == ()
    assert request.metadata == (("a", "b"),) and request.voice == "af_heart"
    assert request.input == ("item_1", Item("i", role="user", parts=(TextPart("Hi"),)))


@pytest.mark.parametrize(
    ("raw", "code", "param"),
    [
        ({"conversation": "new"}, "invalid_value", "response.conversation"),
        ({"input": [5]}, "invalid_type", "response.input.0"),
        ({"input": [{"type": "item_reference"}]}, "missing_required_parameter", "response.input.0.id"),
        ({"metadata": {"a": 1}}, "invalid_type", "response.metadata.a"),
        (
            {"audio": {"output": {"format": {"type": "audio/pcmu"}}}},
            "unsupported_value",
            "response.audio.output.format",
        ),
        ({"tools": [{"type": "mcp"}]}, "mcp_not_supported", "response.tools.0"),
    ],
)
def test_response_errors_name_the_field(raw: dict[str, Any], code: str, param: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        reply_request(validated(ResponseParams, raw, "response"), start(), VOICES)
    assert (caught.value.code, caught.value.param) == (code, param)


def test_conformance_checks_can_fail() -> None:
    with pytest.raises(ValueError, match="item_id"):
        check({"type": "conversation.item.deleted", "event_id": "e"})
    with pytest.raises(AssertionError, match="does not know"):
        check({"type": "conversation.item.deleted", "event_id": "e", "item_id": "i", "more": 1})
