"""Tool calls that a model writes into its text instead of using the API's own field.

Small local models do so: as a fenced JSON block, between ``<tool_call>`` tags, or as a bare JSON
object in place of an answer. Only a call of a tool that was offered counts. What only looks like a
call is dropped, since nobody wants to hear it; any other block is text like the rest.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Sequence
from typing import Any

from kaikou.engines.llm.chat.thoughts import held_back
from kaikou.engines.ports import Tool, ToolCall

_BLOCKS = {"```": "```", "<tool_call>": "</tool_call>"}
_LOOKS_LIKE_CALL = re.compile(r'"name"\s*:.*"(arguments|parameters)"\s*:', re.DOTALL)
_LONGEST = 16_000
"""Characters; a longer block is no call and is let through."""


def new_call_id() -> str:
    """An id for a call whose source gave none."""
    return f"call_{secrets.token_hex(8)}"


class WrittenCalls:
    """A filter for streamed text that takes out tool calls as soon as they are complete.

    ``feed`` and ``finish`` give pieces in order. After a call, further text is dropped and
    ``rambling`` says so: models like to go on with an invented result. ``misfired`` says that
    a call of no tool at all was dropped.
    """

    def __init__(self, tools: Sequence[Tool]) -> None:
        self._names = {tool.name for tool in tools}
        self._pending = ""
        self._opener: str | None = None  # of the block in ``_pending``; "{" for a bare object
        self._blank = True  # nothing but blanks so far
        self._called = False
        self.rambling = False
        self.misfired = False

    def feed(self, text: str) -> Iterator[str | ToolCall]:
        self._pending += text
        while self._pending:
            if self._opener is None:
                ready, opened = self._text_before_block()
                yield from self._text(ready)
                if not opened:
                    return
            block = self._closed_block()
            if block is None:
                if len(self._pending) > _LONGEST:
                    yield from self._release(self._pending)
                return
            yield from self._release(block)

    def finish(self) -> Iterator[str | ToolCall]:
        """What was held back, once the stream has ended."""
        if self._pending:
            yield from self._release(self._pending)

    def _text_before_block(self) -> tuple[str, bool]:
        """Cut off the text that is certainly outside a block; True where a block begins behind it."""
        body = self._pending.lstrip()
        starts = {self._pending.find(tag): tag for tag in _BLOCKS if tag in self._pending}
        if self._blank and body.startswith("{"):
            starts[len(self._pending) - len(body)] = "{"
        if starts:
            at = min(starts)
            self._opener = starts[at]
        else:
            at = len(self._pending) - held_back(self._pending, tuple(_BLOCKS))
        ready, self._pending = self._pending[:at], self._pending[at:]
        return ready, bool(starts)

    def _closed_block(self) -> str | None:
        """The block at the head of the pending text, if its end has come."""
        assert self._opener is not None
        if self._opener == "{":
            try:
                _, end = json.JSONDecoder().raw_decode(self._pending)
            except ValueError:
                return None
            return self._pending[:end]
        closer = _BLOCKS[self._opener]
        at = self._pending.find(closer, len(self._opener))
        return None if at < 0 else self._pending[: at + len(closer)]

    def _release(self, block: str) -> Iterator[str | ToolCall]:
        opener, self._opener = self._opener, None
        self._pending = self._pending[len(block) :]
        calls = list(self._calls(block)) if opener else []
        if calls:
            self._called = True
            self._blank = False
            yield from calls
        elif opener and _LOOKS_LIKE_CALL.search(block):
            self.misfired = True
        else:
            yield from self._text(block)

    def _text(self, text: str) -> Iterator[str]:
        if not text:
            return
        if self._called:
            self.rambling = self.rambling or not text.isspace()
            return
        self._blank = self._blank and text.isspace()
        yield text

    def _calls(self, block: str) -> Iterator[ToolCall]:
        for value in json_values(block):
            for item in value if isinstance(value, list) else [value]:
                call = self._call(item)
                if call is not None:
                    yield call

    def _call(self, item: Any) -> ToolCall | None:
        if not isinstance(item, dict):
            return None
        inner = item.get("function")
        if isinstance(inner, dict):
            item = inner
        name = item.get("name")
        if name not in self._names:
            return None
        arguments = item.get("arguments", item.get("parameters", {}))
        if not isinstance(arguments, str):
            arguments = json.dumps(arguments, ensure_ascii=False)
        return ToolCall(new_call_id(), name, arguments)


def json_values(text: str) -> Iterator[Any]:
    """The JSON objects and arrays that stand in ``text``, outermost ones, in order."""
    decoder = json.JSONDecoder()
    at = 0
    while (start := min((i for i in (text.find("{", at), text.find("[", at)) if i >= 0), default=-1)) >= 0:
        try:
            value, at = decoder.raw_decode(text, start)
        except ValueError:
            at = start + 1
        else:
            yield value
