"""One session's companions, asked together and never waited for longer than a moment."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any

from kaikou.audio.pcm import Pcm
from kaikou.dialogue.history import History
from kaikou.dialogue.ports import Companion, Talk

log = logging.getLogger(__name__)


class Company:
    """``seconds`` is what all of them together get for an answer."""

    def __init__(self, talk: Talk, companions: Sequence[Companion] = (), seconds: float = 0.3) -> None:
        self.talk = talk
        self.opening = ""
        """What they said at the beginning."""
        self._companions = tuple(companions)
        self._seconds = seconds
        self._told = ""
        """Id of the user's item whose answer they were told last."""

    def __bool__(self) -> bool:
        return bool(self._companions)

    async def open(self) -> None:
        """Ask what the agent shall know from the beginning."""
        self.opening = await self._ask([one.opening(self.talk) for one in self._companions])

    async def enrich(self, words: str, heard: Pcm | None) -> str:
        """What the agent shall know for its answer to ``words``; empty for nothing."""
        return await self._ask([one.enrich(self.talk, words, heard) for one in self._companions])

    async def recall(self, words: str) -> str:
        """All that they know of who speaks, for a tool that asks with ``words``."""
        return "\n\n".join(part for part in (self.opening, await self.enrich(words, None)) if part)

    def ended(self, history: History, item_id: str) -> None:
        """The reply whose item is ``item_id`` is over: tell of the turn, once."""
        if not self._companions or item_id not in history:
            return
        asked = None
        for item in history:
            if item.id == item_id:
                break
            if item.role == "user":
                asked = item
        if asked is None or asked.id == self._told or not asked.text:
            return
        self._told = asked.id
        said = history.get(item_id).text
        for one in self._companions:
            self._tell(lambda one=one: one.after_turn(self.talk, asked.text, said))  # type: ignore[misc]

    def closed(self) -> None:
        for one in self._companions:
            self._tell(lambda one=one: one.closed(self.talk))  # type: ignore[misc]

    async def goes_on_as(self, agent_id: str, memory: str, language: str | None) -> None:
        """Another agent took over."""
        self.talk = replace(self.talk, agent_id=agent_id, memory=memory, language=language)
        await self.open()

    async def _ask(self, questions: Sequence[Coroutine[Any, Any, str]]) -> str:
        if not questions:
            return ""
        tasks = [asyncio.ensure_future(question) for question in questions]
        try:
            _, late = await asyncio.wait(tasks, timeout=self._seconds)
        except asyncio.CancelledError:
            for task in tasks:
                task.cancel()
            raise
        for task in late:
            task.cancel()
        if late:
            log.info("%d companions did not answer in %g s", len(late), self._seconds)
        return "\n\n".join(text for task in tasks if task not in late and (text := _answer(task)))

    @staticmethod
    def _tell(tell: Callable[[], None]) -> None:
        try:
            tell()
        except Exception:
            log.exception("a companion failed")


def _answer(task: asyncio.Future[str]) -> str:
    if task.cancelled():
        return ""
    if (error := task.exception()) is not None:
        log.warning("a companion failed", exc_info=error)
        return ""
    return task.result().strip()
