"""What a session asks its language model: the prompt, how to answer it, and when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import aclosing

from kaikou.dialogue.history import History, PromptWindow, to_messages
from kaikou.dialogue.items import AudioPart, Item, new_id
from kaikou.dialogue.session import ReplyRequest, SessionConfig
from kaikou.engines.ports import Delta, Generation, Lane, LanguageModel, Message

Thoughts = AsyncGenerator[Delta, None]
"""A model's answer as it comes; closing it stops the model."""


class Thinking:
    """One session's questions to the model. ``config`` gives the configuration in force, ``pending``
    the transcriptions under way, ``manners`` the instructions while the session has none."""

    def __init__(
        self,
        model: LanguageModel,
        history: History,
        *,
        config: Callable[[], SessionConfig],
        pending: Callable[[], Collection[asyncio.Task[None]]],
        manners: str,
        history_tokens: int,
    ) -> None:
        self._model = model
        self._history = history
        self._config = config
        self._pending = pending
        self._manners = manners
        self._prompt = PromptWindow(history_tokens)

    def guess(self, supposed: Item) -> Thoughts:
        """The answer, were the user to have said ``supposed`` and no more."""
        messages = self._prompt.messages(self._instructions, (*self._history.items, supposed))
        return self._ask(messages, self._generation(None))

    async def answer(self, request: ReplyRequest | None) -> Thoughts:
        """Wait for words still being recognised, then think."""
        if pending := self._pending():
            await asyncio.wait(list(pending))
        instructions = self._instructions
        if request is not None and request.instructions is not None:
            instructions = request.instructions
        if request is not None and request.input is not None:
            chosen = [self._history.get(one) if isinstance(one, str) else one for one in request.input]
            messages = to_messages(instructions, chosen)
        else:
            messages = self._prompt.messages(instructions, self._history.items)
        async for delta in self._ask(messages, self._generation(request)):
            yield delta

    async def warm(self, words: str | None = None) -> None:
        """Let the model read what every answer begins with, and the ``words`` of the user's turn known
        so far. Raises what the engine raises."""
        items = self._history.items
        if words is not None:
            items = (*items, Item(new_id("item"), role="user", parts=(AudioPart(words),)))
        messages = self._prompt.messages(self._instructions, items)
        if messages:
            await self._model.warm(messages, self._generation(None))

    async def _ask(self, messages: list[Message], generation: Generation) -> Thoughts:
        async with aclosing(self._model.stream(messages, generation, lane=Lane.LIVE)) as deltas:
            async for delta in deltas:
                yield delta

    def _generation(self, request: ReplyRequest | None) -> Generation:
        config, asked = self._config(), request or ReplyRequest()
        return Generation(
            max_tokens=asked.max_tokens if asked.max_tokens is not None else config.max_tokens,
            temperature=asked.temperature if asked.temperature is not None else config.temperature,
            tools=asked.tools if asked.tools is not None else config.tools,
            tool_choice=asked.tool_choice if asked.tool_choice is not None else config.tool_choice,
            parallel_tool_calls=config.parallel_tool_calls,
        )

    @property
    def _instructions(self) -> str:
        return self._config().instructions or self._manners
