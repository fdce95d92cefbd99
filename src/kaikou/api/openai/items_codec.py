"""Conversation items: JSON of the wire to and from the domain's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kaikou.api.openai.audio_format import AudioFormat
from kaikou.dialogue.items import AudioPart, ImagePart, Item, ItemKind, Part, Role, TextPart, new_id
from kaikou.errors import InvalidInput

_TEXT = {
    "system": {"input_text", "text"},
    "user": {"input_text", "text"},
    "assistant": {"output_text", "text"},
}
_AUDIO = {"system": set[str](), "user": {"input_audio", "audio"}, "assistant": {"output_audio", "audio"}}
_OTHER = ("mcp_list_tools", "mcp_call", "mcp_approval_request", "mcp_approval_response")


def decode_item(raw: Any, audio: AudioFormat, at: str = "item") -> Item:
    """An item a client made. ``audio`` is the session's input format; ``at`` the path for errors.
    Raises InvalidInput naming the field."""
    if not isinstance(raw, dict):
        raise _wrong(at, "an object", code="invalid_type")
    kind = raw.get("type", "message")
    item_id = _text(raw, "id", at, default="") or new_id("item")
    if len(item_id) > 128:
        raise _wrong(f"{at}.id", "at most 128 characters")
    if kind == "message":
        return _message(raw, item_id, audio, at)
    if kind == "function_call":
        return Item(
            item_id,
            kind,
            call_id=_text(raw, "call_id", at, default="") or new_id("call"),
            name=_text(raw, "name", at),
            arguments=_text(raw, "arguments", at),
        )
    if kind == "function_call_output":
        return Item(item_id, kind, call_id=_text(raw, "call_id", at), output=_text(raw, "output", at))
    if kind in _OTHER:
        raise InvalidInput(
            f"Items of type {kind!r} are not supported yet.", code="unsupported_item_type", param=f"{at}.type"
        )
    raise _wrong(f"{at}.type", "'message', 'function_call' or 'function_call_output'")


def decode_items(raws: Sequence[Any], audio: AudioFormat, at: str) -> tuple[Item | str, ...]:
    """Items and references to items (as their ids), as ``response.create`` takes them."""
    found: list[Item | str] = []
    for index, raw in enumerate(raws):
        if isinstance(raw, dict) and raw.get("type") == "item_reference":
            found.append(_text(raw, "id", f"{at}.{index}"))
        else:
            found.append(decode_item(raw, audio, f"{at}.{index}"))
    return tuple(found)


def _message(raw: dict[str, Any], item_id: str, audio: AudioFormat, at: str) -> Item:
    role = raw.get("role")
    if role not in ("system", "user", "assistant"):
        raise _wrong(f"{at}.role", "'system', 'user' or 'assistant'", missing=role is None)
    content = raw.get("content")
    if not isinstance(content, list):
        raise _wrong(f"{at}.content", "a list", missing=content is None, code="invalid_type")
    parts = tuple(_part(part, role, audio, f"{at}.content.{index}") for index, part in enumerate(content))
    return Item(item_id, "message", role, parts)


def _part(raw: Any, role: Role, audio: AudioFormat, at: str) -> Part:
    if not isinstance(raw, dict):
        raise _wrong(at, "an object", code="invalid_type")
    kind = raw.get("type")
    if kind in _TEXT[role]:
        return TextPart(_text(raw, "text", at))
    if kind in _AUDIO[role]:
        data = _text(raw, "audio", at, default="")
        transcript = _text(raw, "transcript", at, default="") or None
        if not data and transcript is None:
            raise _wrong(f"{at}.audio", "base64 audio, or a transcript", missing=True)
        return AudioPart(transcript, audio.decode(data, f"{at}.audio") if data else None)
    if kind == "input_image" and role == "user":
        url = _text(raw, "image_url", at)
        if not url.startswith(("data:image/", "https://")):
            raise _wrong(f"{at}.image_url", "a data: or https: URL")
        return ImagePart(url)
    allowed = sorted(_TEXT[role] | _AUDIO[role] | ({"input_image"} if role == "user" else set()))
    raise _wrong(
        f"{at}.type", f"one of {', '.join(allowed)} in a message of the {role}", missing=kind is None
    )


def _text(raw: dict[str, Any], name: str, at: str, *, default: str | None = None) -> str:
    value = raw.get(name)
    if value is None:
        if default is None:
            raise _wrong(f"{at}.{name}", "text", missing=True)
        return default
    if not isinstance(value, str):
        raise _wrong(f"{at}.{name}", "text", code="invalid_type")
    return value


def _wrong(param: str, wanted: str, *, missing: bool = False, code: str = "invalid_value") -> InvalidInput:
    if missing:
        return InvalidInput(
            f"Missing required parameter: {param!r}.", code="missing_required_parameter", param=param
        )
    word = code.removeprefix("invalid_")
    return InvalidInput(f"Invalid {word} for {param!r}: expected {wanted}.", code=code, param=param)


def encode_item(item: Item, audio: AudioFormat | None = None) -> dict[str, Any]:
    """The item for the wire; its sound only where ``audio`` names a format (blocking: resamples)."""
    body: dict[str, Any] = {
        "id": item.id,
        "object": "realtime.item",
        "type": item.kind,
        "status": item.status,
    }
    kind: ItemKind = item.kind
    if kind == "message":
        body["role"] = item.role
        body["content"] = [_encode_part(part, item.role or "user", audio) for part in item.parts]
    elif kind == "function_call":
        body |= {"call_id": item.call_id, "name": item.name or "", "arguments": item.arguments or ""}
    else:
        body |= {"call_id": item.call_id or "", "output": item.output or ""}
    return body


def _encode_part(part: Part, role: Role, audio: AudioFormat | None) -> dict[str, Any]:
    direction = "output" if role == "assistant" else "input"
    if isinstance(part, TextPart):
        return {"type": f"{direction}_text", "text": part.text}
    if isinstance(part, ImagePart):
        return {"type": "input_image", "image_url": part.url}
    body: dict[str, Any] = {"type": f"{direction}_audio", "transcript": part.transcript}
    if role == "assistant" and part.transcript is None:
        body["transcript"] = ""
    if audio is not None and part.audio is not None:
        body["audio"] = audio.encode_pcm(part.audio)
    return body
