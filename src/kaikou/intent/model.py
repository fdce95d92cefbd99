"""A language model of its own decides: a quick one beside a slow one, or one that calls tools beside one that
can't."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing

from kaikou.engines.ports import Generation, Lane, LanguageModel, Message, Tool, ToolCall
from kaikou.intent.ports import Decision

log = logging.getLogger(__name__)

ModelSource = Callable[[], Awaitable[LanguageModel]]
"""The model that decides. Raises NotReady while it loads, SettingsError where none is chosen."""

LAST_MESSAGES = 6
"""Of the conversation; what a tool is needed for was said lately."""
MAX_TOKENS = 300
_TASK = (
    "Decide which tools the user's last words ask for, and call them. Call none where they ask for nothing "
    "that a tool does; then answer with the one word: none."
)


class SeparateModel:
    """``seconds`` is how long it may think; then the reply is made without tools."""

    offers = False

    def __init__(self, model: ModelSource, seconds: float) -> None:
        self._model = model
        self._seconds = seconds

    async def decide(
        self, messages: Sequence[Message], tools: Sequence[Tool], model: LanguageModel
    ) -> Decision:
        decider = await self._model()
        said = [message for message in messages if message.role in ("user", "assistant") and message.content]
        prompt = [Message("system", _TASK), *said[-LAST_MESSAGES:]]
        generation = Generation(max_tokens=MAX_TOKENS, temperature=0, tools=tuple(tools))
        calls: list[ToolCall] = []
        try:
            async with asyncio.timeout(self._seconds):
                async with aclosing(decider.stream(prompt, generation, lane=Lane.LIVE)) as deltas:
                    async for delta in deltas:
                        if delta.tool_call is not None:
                            calls.append(delta.tool_call)
        except TimeoutError:
            log.warning("the intent model took longer than %g s", self._seconds)
            return Decision()
        return Decision(calls=tuple(calls))
