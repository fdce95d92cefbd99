"""The beta dialect (header ``OpenAI-Beta: realtime=v1``): older names and a flat session.

Everything inside speaks GA; this module translates on the way in and on the way out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Body = dict[str, Any]

_FORMATS = {"pcm16": "audio/pcm", "g711_ulaw": "audio/pcmu", "g711_alaw": "audio/pcma"}
_BETA_FORMATS = {ga: beta for beta, ga in _FORMATS.items()}
_EVENTS = {
    "conversation.item.added": "conversation.item.created",
    "response.output_audio.delta": "response.audio.delta",
    "response.output_audio.done": "response.audio.done",
    "response.output_audio_transcript.delta": "response.audio_transcript.delta",
    "response.output_audio_transcript.done": "response.audio_transcript.done",
    "response.output_text.delta": "response.text.delta",
    "response.output_text.done": "response.text.done",
}
_UNKNOWN_TO_BETA = {"conversation.item.done", "input_audio_buffer.timeout_triggered"}
_CONTENT = {"output_text": "text", "output_audio": "audio"}
_SAME = (
    "model",
    "instructions",
    "tools",
    "temperature",
    "tracing",
    "include",
    "kaikou",
    "parallel_tool_calls",
)


def wanted(header: str | None) -> bool:
    """Does the ``OpenAI-Beta`` header ask for this dialect?"""
    return "realtime=v1" in (header or "").replace(" ", "").split(",")


def upgrade_session(flat: Mapping[str, Any], *, transcription: bool = False) -> Body:
    """A beta session (whole or partial) in GA shape; what already is GA stays as it is."""
    patch: Body = {key: flat[key] for key in _SAME if key in flat}
    heard: Body = {}
    spoken: Body = {}
    if transcription:
        patch["type"] = "transcription"
    elif isinstance(flat.get("modalities"), list):
        patch["output_modalities"] = ["audio"] if "audio" in flat["modalities"] else ["text"]
    elif "modalities" in flat:
        patch["output_modalities"] = flat["modalities"]
    if "max_response_output_tokens" in flat:
        patch["max_output_tokens"] = flat["max_response_output_tokens"]
    if "tool_choice" in flat:
        patch["tool_choice"] = flat["tool_choice"]
    for old, new, side in (
        ("input_audio_format", "format", heard),
        ("output_audio_format", "format", spoken),
        ("input_audio_transcription", "transcription", heard),
        ("input_audio_noise_reduction", "noise_reduction", heard),
        ("turn_detection", "turn_detection", heard),
        ("voice", "voice", spoken),
        ("speed", "speed", spoken),
    ):
        if old in flat:
            value = flat[old]
            side[new] = {"type": _FORMATS.get(value, str(value))} if new == "format" else value
    turn = heard.get("turn_detection")
    if isinstance(turn, dict) and "type" not in turn:
        heard["turn_detection"] = {"type": "server_vad", **turn}
    if heard or spoken:
        patch["audio"] = {**({"input": heard} if heard else {}), **({"output": spoken} if spoken else {})}
    if isinstance(flat.get("audio"), dict) and "audio" not in patch:
        patch["audio"] = flat["audio"]
    return patch


def upgrade_response(flat: Mapping[str, Any]) -> Body:
    """``response.create.response`` of the beta in GA shape."""
    params = dict(flat)
    if isinstance(params.get("modalities"), list):
        params["output_modalities"] = ["audio"] if "audio" in params.pop("modalities") else ["text"]
    if "max_response_output_tokens" in params:
        params["max_output_tokens"] = params.pop("max_response_output_tokens")
    output: Body = {}
    if "output_audio_format" in params:
        value = params.pop("output_audio_format")
        output["format"] = {"type": _FORMATS.get(value, str(value))}
    if "voice" in params:
        output["voice"] = params.pop("voice")
    if output:
        params["audio"] = {"output": output}
    return params


def downgrade(body: Body) -> Body | None:
    """A GA server event as the beta has it; None where the beta has no such event."""
    kind = body["type"]
    if kind in _UNKNOWN_TO_BETA:
        return None
    body = {**body, "type": _EVENTS.get(kind, kind)}
    if "session" in body:
        transcription = body["session"].get("type") == "transcription"
        if transcription and kind == "session.updated":
            body["type"] = "transcription_session.updated"
        body["session"] = _flat_session(body["session"], transcription=transcription)
    if "item" in body:
        body["item"] = _item(body["item"])
    if "response" in body:
        body["response"] = _response(body["response"])
    if kind == "conversation.item.input_audio_transcription.completed":
        body.pop("languages", None)
    return body


def _flat_session(session: Body, *, transcription: bool) -> Body:
    heard = session["audio"]["input"]
    flat: Body = {
        "id": session["id"],
        "object": session["object"],
        "expires_at": session["expires_at"],
        "input_audio_format": _BETA_FORMATS[heard["format"]["type"]],
        "input_audio_transcription": _without(heard["transcription"], "languages", "keywords", "delay"),
        "input_audio_noise_reduction": _without(heard["noise_reduction"], "strength"),
        "turn_detection": _without(heard["turn_detection"], "idle_timeout_ms"),
    }
    if "kaikou" in session:
        flat["kaikou"] = session["kaikou"]
    if transcription:
        return {**flat, "include": session["include"], "client_secret": None}
    spoken = session["audio"]["output"]
    choice = session["tool_choice"]
    return {
        **flat,
        "model": session["model"],
        "modalities": _modalities(session["output_modalities"]),
        "instructions": session["instructions"],
        "voice": spoken["voice"],
        "speed": spoken["speed"],
        "output_audio_format": _BETA_FORMATS[spoken["format"]["type"]],
        "tools": session["tools"],
        "tool_choice": choice if isinstance(choice, str) else choice["name"],
        "temperature": session.get("temperature"),
        "tracing": session["tracing"],
        "max_response_output_tokens": session["max_output_tokens"],
    }


def _without(body: Body | None, *names: str) -> Body | None:
    """An object less the fields that came after the beta."""
    return None if body is None else {key: value for key, value in body.items() if key not in names}


def _modalities(output: list[str]) -> list[str]:
    return ["text", "audio"] if "audio" in output else ["text"]


def _item(item: Body) -> Body:
    content = item.get("content")
    if not content:
        return item
    return {
        **item,
        "content": [{**part, "type": _CONTENT.get(part["type"], part["type"])} for part in content],
    }


def _response(response: Body) -> Body:
    flat = {key: value for key, value in response.items() if key not in ("audio", "output_modalities")}
    output = response["audio"]["output"]
    return {
        **flat,
        "modalities": _modalities(response["output_modalities"]),
        "output": [_item(item) for item in response["output"]],
        "output_audio_format": _BETA_FORMATS[output["format"]["type"]],
        "voice": output["voice"],
    }
