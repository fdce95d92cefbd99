"""Streamed chat completions from any server that speaks the OpenAI API.

The remote engine and the embedded one (whose server is a child process) both answer through this.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any

import openai

from kaikou.engines.llm.chat import wire
from kaikou.engines.llm.chat.thoughts import WithoutThoughts
from kaikou.engines.llm.chat.written_calls import WrittenCalls, new_call_id
from kaikou.engines.ports import Delta, FinishReason, Generation, Message, ToolCall, Usage
from kaikou.engines.presets import Endpoint
from kaikou.engines.remote import broke_off, client_for, failure, is_passing, retry_after

log = logging.getLogger(__name__)

BACK_OFF = (0.3, 1.0)
"""Seconds before each further try of a request that has brought nothing yet."""
LONGEST_RETRY_AFTER = 5.0
"""A server that wants us to wait longer than this gets no second try: somebody is listening."""
USAGE_SECONDS = 2.0
"""How long the token counts may take after the answer's end."""
DONE_SECONDS = 0.1
"""How long the end mark may take after them. With it the connection can be used again."""
_NO_LIST = {400, 403, 404, 405, 501}


class ChatCompletions:
    """One endpoint's client. ``temperature`` and ``max_tokens`` stand where a request has none."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        temperature: float,
        max_tokens: int,
        back_off: Sequence[float] = BACK_OFF,
    ) -> None:
        self.endpoint = endpoint
        self._temperature = temperature
        self._max_tokens = max_tokens
        self._back_off = back_off
        self._client = client_for(endpoint)

    async def models(self) -> list[str]:
        """The names the server lists; empty where it keeps no list or does not show it.

        Raises EngineFailed where the server is not there, is broken or does not know the key.
        """
        try:
            async with asyncio.timeout(self.endpoint.timeout):
                page = await self._client.models.list()
        except (openai.OpenAIError, TimeoutError) as error:
            if isinstance(error, openai.APIStatusError) and error.status_code in _NO_LIST:
                return []
            raise failure(error, self.endpoint) from error
        return [model.id for model in page.data or ()]

    async def stream(
        self,
        model: str,
        messages: Sequence[Message],
        generation: Generation,
        extra: Callable[[Generation], dict[str, Any]] = lambda generation: {},
    ) -> AsyncGenerator[Delta, None]:
        """The answer. ``extra`` gives the fields of a request that only this server knows.

        Raises EngineFailed, or InvalidInput for a prompt that is too long. Retries as long as
        nothing has come. Closing the generator closes the connection, which stops the server.
        """
        while True:
            body = wire.request(
                self.endpoint.preset,
                model,
                messages,
                generation,
                temperature=self._temperature,
                max_tokens=self._max_tokens,
            )
            body["extra_body"] = {**body.get("extra_body", {}), **extra(generation)}
            answer = _Answer(generation)
            async with aclosing(self._patiently(body, answer)) as deltas:
                async for delta in deltas:
                    yield delta
            if not answer.misfired:
                return
            # It called a tool that does not exist, and said nothing: let it answer in words.
            generation = replace(generation, tool_choice="none")

    async def close(self) -> None:
        await self._client.close()

    async def _patiently(self, body: dict[str, Any], answer: _Answer) -> AsyncGenerator[Delta, None]:
        """One request, made again while nothing has come of it and there is hope."""
        for pause in (*self._back_off, None):
            try:
                async with aclosing(self._once(body, answer)) as deltas:
                    async for delta in deltas:
                        yield delta
                return
            except (openai.OpenAIError, TimeoutError) as error:
                wait = retry_after(error) or pause
                if (
                    answer.started
                    or pause is None
                    or wait is None
                    or wait > LONGEST_RETRY_AFTER
                    or not is_passing(error)
                ):
                    raise failure(error, self.endpoint, started=answer.started) from error
                log.info("%s: trying again in %.1f s", failure(error, self.endpoint).code, wait)
            await asyncio.sleep(wait)

    async def _once(self, body: dict[str, Any], answer: _Answer) -> AsyncGenerator[Delta, None]:
        async with asyncio.timeout(self.endpoint.timeout):
            response = await self._client.chat.completions.create(**body)
        try:
            while True:
                # Per piece, not for the whole: a long answer is no fault, silence is one. Kept
                # outside of ``yield``, so that the reader's own time does not count.
                if answer.finish:
                    limit = DONE_SECONDS if answer.usage else USAGE_SECONDS
                else:
                    limit = self.endpoint.timeout
                try:
                    async with asyncio.timeout(limit):
                        chunk = await anext(response, None)
                except TimeoutError:
                    if answer.finish:
                        break
                    raise
                if chunk is None:
                    break
                for delta in answer.read(chunk):
                    yield delta
                if answer.enough:
                    break
        finally:
            await response.close()
        if answer.finish is None:
            raise broke_off(self.endpoint)
        for delta in answer.end():
            yield delta


@dataclass
class _Answer:
    """What has come of one answer."""

    generation: Generation
    started: bool = False
    finish: FinishReason | None = None
    enough: bool = False
    """The model goes on, but nothing of it is wanted."""
    usage: Usage | None = None
    calls: int = 0
    said: bool = False
    parts: dict[int, list[str]] = field(default_factory=dict)  # index -> [id, name, arguments]

    def __post_init__(self) -> None:
        offered = self.generation.tools if self.generation.tool_choice != "none" else ()
        self._thoughts = WithoutThoughts()
        self._written = WrittenCalls(offered) if offered else None

    @property
    def misfired(self) -> bool:
        """It consists of a call that nobody can make."""
        return self._written is not None and self._written.misfired and not self.said and not self.calls

    def read(self, chunk: Any) -> Iterator[Delta]:
        if chunk.usage is not None:
            self.usage = wire.usage(chunk.usage)
        for choice in (chunk.choices or ())[:1]:
            delta = choice.delta
            if delta is not None:
                # A model that thinks has begun, though nothing of it is heard: no retry any more.
                thought = getattr(delta, "reasoning_content", None) or getattr(delta, "reasoning", None)
                self.started = self.started or bool(delta.content or delta.tool_calls or thought)
                if delta.content:
                    yield from self._text(self._thoughts.feed(delta.content))
                for part in delta.tool_calls or ():
                    self._collect(part)
            if choice.finish_reason:
                self.finish = wire.finish_reason(choice.finish_reason)

    def end(self) -> Iterator[Delta]:
        """What was held back, the calls, and the last delta; nothing of an answer that misfired."""
        yield from self._text(self._thoughts.finish())
        if self._written is not None:
            yield from self._deltas(self._written.finish())
        for _, (call_id, name, arguments) in sorted(self.parts.items()):
            self.calls += 1
            yield Delta(tool_call=ToolCall(call_id or new_call_id(), name, arguments or "{}"))
        if self.misfired:
            return
        if self.calls and self.finish == "stop":
            self.finish = "tool_calls"
        yield Delta(finish=self.finish, usage=self.usage)

    def _text(self, text: str) -> Iterator[Delta]:
        if not text:
            return
        if self._written is None:
            yield Delta(text=text)
            return
        yield from self._deltas(self._written.feed(text))
        if self._written.rambling or (self.calls and not self.generation.parallel_tool_calls):
            self.finish = "tool_calls"
            self.enough = True

    def _deltas(self, pieces: Iterator[str | ToolCall]) -> Iterator[Delta]:
        for piece in pieces:
            if isinstance(piece, ToolCall):
                if self.calls and not self.generation.parallel_tool_calls:
                    continue
                self.calls += 1
                yield Delta(tool_call=piece)
            else:
                self.said = self.said or not piece.isspace()
                yield Delta(text=piece)

    def _collect(self, part: Any) -> None:
        """Tool calls come in pieces, by index: first id and name, then the arguments' text."""
        entry = self.parts.setdefault(part.index or 0, ["", "", ""])
        if part.id:
            entry[0] = part.id
        if part.function is not None:
            entry[1] += part.function.name or ""
            entry[2] += part.function.arguments or ""
