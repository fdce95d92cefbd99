"""One round of a reply's calls: all at once, a word in between where they take long."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from typing import Any

from kaikou.dialogue.effects import AfterReply
from kaikou.dialogue.tool_calls import phrases as tool_phrases
from kaikou.dialogue.tool_calls.hands import Hands
from kaikou.dialogue.tool_calls.items import ToolItems
from kaikou.engines.ports import ToolCall
from kaikou.tools.ports import ChangeAgent, Leave, Outcome

log = logging.getLogger(__name__)

STOPPED = "It was stopped before it was done."


class ToolRound:
    """``bridge`` is what may be said while a slow tool works; empty: nothing. ``said`` tells that the model
    spoke before it called: then there is no need of it, nor of a farewell. ``plainly``: what tools give is
    spoken in their own words.

    After ``words`` has run to its end, ``outcomes`` holds what each call gave and ``later`` what is to
    follow the reply. A round that is closed earlier stops its tools, and tells the history so.
    """

    def __init__(
        self,
        hands: Hands,
        items: ToolItems,
        calls: Sequence[ToolCall],
        *,
        bridge: str,
        said: bool,
        plainly: bool,
    ) -> None:
        self.outcomes: list[Outcome] = []
        self.later: list[AfterReply] = []
        self.bridged = False
        self.first_id = ""
        """Of the round's first item in the history."""
        self._hands = hands
        self._items = items
        self._calls = tuple(calls)
        self._bridge = "" if said else bridge
        self._took_leave = said
        self._plainly = plainly
        self._loop = asyncio.get_running_loop()
        self._began = 0.0
        self._open: dict[int, ToolCall] = {}
        """The calls that have not returned, by their number."""
        self._pending: set[asyncio.Task[tuple[Outcome, tuple[AfterReply, ...]]]] = set()
        self._said: asyncio.Queue[str] = asyncio.Queue(maxsize=16)

    def say(self, text: str) -> None:
        """Words of a tool under way; more than a few waiting ones are left out."""
        if self._said.full():
            log.warning("a tool speaks faster than it can be heard")
        else:
            self._said.put_nowait(text)

    @property
    def failed(self) -> bool:
        return any(outcome.failed for outcome in self.outcomes)

    @property
    def answered(self) -> bool:
        """The model need say nothing more: every outcome is spoken for, or the session goes elsewhere."""
        if any(isinstance(effect, Leave | ChangeAgent) for effect in self.later):
            return True
        return all(outcome.speak is not None for outcome in self.outcomes)

    async def words(self) -> AsyncGenerator[str, None]:
        """Call the tools; what is to be said meanwhile, then what they want spoken as it is."""
        self._began = self._loop.time()
        for number, call in enumerate(self._calls):
            item = self._items.called(call, self._hands.title(call.name))
            self.first_id = self.first_id or item.id
            self._open[number] = call
        tasks = {
            asyncio.create_task(self._hands.call(call), name=f"call {call.name}"): number
            for number, call in self._open.items()
        }
        self._pending = set(tasks)
        ended: dict[int, tuple[Outcome, tuple[AfterReply, ...]]] = {}
        spoken: asyncio.Task[str] | None = None
        try:
            while self._pending:
                spoken = spoken or asyncio.create_task(self._said.get())
                waited: set[asyncio.Task[Any]] = {*self._pending, spoken}
                over, _ = await asyncio.wait(
                    waited, timeout=self._until_bridge(), return_when=asyncio.FIRST_COMPLETED
                )
                done = sorted(self._pending & over, key=lambda task: tasks[task])
                self._pending.difference_update(done)
                for task in done:
                    outcome, later = task.result()
                    if self._plainly and outcome.speak is None:
                        plain = outcome.plain or (
                            tool_phrases.outcome(self._hands.spoken_in, failed=True) if outcome.failed else ""
                        )
                        outcome = replace(outcome, speak=plain or None)
                    ended[tasks[task]] = outcome, later
                    self._returned(tasks[task], outcome.text, failed=outcome.failed)
                if spoken.done():
                    self._bridge = ""
                    text, spoken = spoken.result(), None
                    yield text
                if not over and self._bridge:
                    self.bridged = True
                    bridge, self._bridge = self._bridge, ""
                    yield bridge
        finally:
            if spoken is not None:
                spoken.cancel()
            stopped = self._pending
            self.stop()
            if stopped:
                await asyncio.wait(stopped)
        while not self._said.empty():
            yield self._said.get_nowait()
        for number in range(len(self._calls)):
            outcome, later = ended[number]
            self.outcomes.append(outcome)
            self.later.extend(later)
            leaves = any(isinstance(effect, Leave) for effect in later)
            if leaves and self._took_leave:
                continue
            if words := outcome.speak if outcome.speak is not None else _farewell(later):
                yield words

    def stop(self) -> None:
        """End it now: what still runs is cancelled, and the history says so. Safe to call twice."""
        for task in self._pending:
            task.cancel()
        self._pending = set()
        for number in list(self._open):
            self._returned(number, STOPPED, failed=True)

    def _returned(self, number: int, text: str, *, failed: bool) -> None:
        call = self._open.pop(number)
        self._items.returned(call, text, self._loop.time() - self._began, failed=failed)

    def _until_bridge(self) -> float | None:
        after = self._hands.settings.filler_after_ms / 1000
        return max(0.0, self._began + after - self._loop.time()) if self._bridge and after else None


def _farewell(later: Sequence[AfterReply]) -> str:
    return next((effect.farewell for effect in later if isinstance(effect, Leave)), "")


def closing_words(rounds: Sequence[ToolRound], language: str) -> str:
    """What is said where the model finds no words after its calls; empty where none are wanted."""
    if not rounds or (rounds[-1].answered and not rounds[-1].failed):
        return ""
    return tool_phrases.outcome(language, failed=rounds[-1].failed)
