"""Kaikou's messages and tools in the words of the OpenAI chat completions API."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from kaikou.engines.ports import FinishReason, Generation, Message, ToolChoice, Usage
from kaikou.engines.presets import Preset

_FINISH: Mapping[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
}


def request(
    preset: Preset,
    model: str,
    messages: Sequence[Message],
    generation: Generation,
    *,
    temperature: float,
    max_tokens: int,
) -> dict[str, Any]:
    """The body of a streamed request; ``temperature`` and ``max_tokens`` where nobody chose them."""
    wire = [_message(message) for message in messages]
    if generation.schema is not None and preset.structured == "json_object":
        # Such servers only promise "some JSON object", and want to read the word JSON.
        ask = "Answer with one JSON object that fits this JSON schema, and nothing else:\n"
        wire.append({"role": "system", "content": ask + json.dumps(generation.schema, ensure_ascii=False)})
    body: dict[str, Any] = {
        "model": model,
        "messages": wire,
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": temperature if generation.temperature is None else generation.temperature,
        preset.max_tokens_field: max_tokens if generation.max_tokens is None else generation.max_tokens,
    }
    if generation.tools:
        body["tools"] = [
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.parameters,
                },
            }
            for tool in generation.tools
        ]
        body["tool_choice"] = _tool_choice(generation.tool_choice)
        if not generation.parallel_tool_calls:
            body["parallel_tool_calls"] = False
    if generation.schema is not None:
        body["response_format"] = _response_format(preset, generation.schema)
    if preset.extra_body:
        body["extra_body"] = dict(preset.extra_body)
    return body


def finish_reason(wire: str) -> FinishReason:
    """The API's word; servers invent further ones (``eos``), all of which mean an ordinary end."""
    return _FINISH.get(wire, "stop")


def usage(wire: Any) -> Usage:
    """Token counts of a ``usage`` object; servers leave out what they don't count."""
    details = getattr(wire, "prompt_tokens_details", None)
    return Usage(
        prompt_tokens=wire.prompt_tokens or 0,
        cached_tokens=getattr(details, "cached_tokens", None) or 0,
        completion_tokens=wire.completion_tokens or 0,
    )


def is_strict(schema: Any) -> bool:
    """Whether a schema keeps to the API's strict subset: every object closed, all fields required."""
    if isinstance(schema, Mapping):
        fields = schema.get("properties")
        if isinstance(fields, Mapping) or schema.get("type") == "object":
            names = set(fields) if isinstance(fields, Mapping) else set()
            closed = schema.get("additionalProperties") is False
            if not closed or set(schema.get("required", ())) != names:
                return False
        return all(is_strict(value) for value in schema.values())
    if isinstance(schema, (list, tuple)):
        return all(is_strict(value) for value in schema)
    return True


def _response_format(preset: Preset, schema: Mapping[str, Any]) -> dict[str, Any]:
    if preset.structured == "json_object":
        return {"type": "json_object"}
    named: dict[str, Any] = {"name": "answer", "schema": schema}
    if is_strict(schema):
        named["strict"] = True
    return {"type": "json_schema", "json_schema": named}


def _tool_choice(choice: ToolChoice) -> str | dict[str, Any]:
    if choice in {"none", "auto", "required"}:
        return choice
    return {"type": "function", "function": {"name": choice}}


def _message(message: Message) -> dict[str, Any]:
    wire: dict[str, Any] = {"role": message.role, "content": _content(message)}
    if message.tool_calls:
        wire["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in message.tool_calls
        ]
        # Some servers refuse an empty text beside calls.
        wire["content"] = wire["content"] or None
    if message.tool_call_id is not None:
        wire["tool_call_id"] = message.tool_call_id
    return wire


def _content(message: Message) -> str | list[dict[str, Any]]:
    if not message.images:
        return message.content
    parts: list[dict[str, Any]] = [{"type": "image_url", "image_url": {"url": url}} for url in message.images]
    if message.content:
        parts.insert(0, {"type": "text", "text": message.content})
    return parts
