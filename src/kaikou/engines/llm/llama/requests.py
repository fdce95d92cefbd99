"""What the embedded server needs beyond the OpenAI API to call tools dependably.

Its chat template only tells a small model about the tools; it does not hold it to them. So a call
that must be made is asked for by JSON schema, and an answer that must be words by a grammar.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kaikou.engines.ports import Generation, Message
from kaikou.errors import InvalidInput

PROSE = r"root ::= [^ \t\n\r`{\[<] [^`{}<]*"
"""GBNF: text in which no tool call can be written."""

Fields = Callable[[Sequence[Message], Generation], dict[str, Any]]


def extra_fields(messages: Sequence[Message], generation: Generation) -> dict[str, Any]:
    """Fields to add to the request, or to put in place of the standard ones."""
    # The server looks whether anybody still listens only when it has something to say: without word of
    # its progress it would read the whole prompt of a request that was cancelled.
    extra: dict[str, Any] = {"cache_prompt": True, "return_progress": True}
    if not generation.tools or generation.schema is not None:
        return extra
    choice = generation.tool_choice
    # A small model given a tool's result would rather call the tool again than speak.
    answered = choice == "auto" and bool(messages) and messages[-1].role == "tool"
    if choice == "none" or answered:
        extra |= {"tool_choice": "none", "grammar": PROSE}
    elif choice != "auto":
        extra |= {
            "tool_choice": "none",
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "call", "schema": call_schema(generation)},
            },
        }
    return extra


def reading_only(messages: Sequence[Message], generation: Generation) -> dict[str, Any]:
    """Those of a request that has a prompt read and wants no answer. Left out is what the template puts
    between the user's words and the answer: where the words go on, it would have been read for nothing."""
    return extra_fields(messages, generation) | {"add_generation_prompt": False}


def call_schema(generation: Generation) -> dict[str, Any]:
    """The JSON of a call of any tool that ``generation`` allows. Raises InvalidInput."""
    wanted = generation.tool_choice
    calls = [
        {
            "type": "object",
            "properties": {"name": {"const": tool.name}, "arguments": dict(tool.parameters)},
            "required": ["name", "arguments"],
            "additionalProperties": False,
        }
        for tool in generation.tools
        if wanted in {"required", tool.name}
    ]
    if not calls:
        raise InvalidInput(f"There is no tool named {wanted!r}.", code="unknown_tool", param="tool_choice")
    return calls[0] if len(calls) == 1 else {"anyOf": calls}


def refuse_images(messages: Sequence[Message]) -> None:
    """Raises InvalidInput where a message holds one."""
    if any(message.images for message in messages):
        raise InvalidInput(
            "The embedded language model cannot see images.",
            code="images_not_supported",
            hint="Connect a model that can: set KAIKOU_LLM__ENGINE and its key.",
        )
