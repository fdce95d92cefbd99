"""Calls of such functions: their connection, what they start beside, what comes of it."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import BaseModel, ConfigDict

from kaikou.tools.function import FunctionTool
from kaikou.tools.ports import Caller, Leave, Outcome
from kaikou.tools.shim.connection import Connection, KeptByConversation, PluginLoop
from kaikou.tools.shim.register import outcome_of
from kaikou.tools.threads import ToolThreads

log = logging.getLogger("kaikou.plugins")

AFTERWARDS_SECONDS = 5.0
"""So long a call waits for what its function started on ``conn.loop`` and left running: many such plugins
speak and play from there. It goes on after that, but what it asks of the conversation then comes too late."""


class Anything(BaseModel):
    """Arguments of a function whose schema its own file gives; checked against that before."""

    model_config = ConfigDict(extra="allow")


@dataclass(frozen=True, slots=True)
class RegisteredTool(FunctionTool):
    """A registered function; only the way it is called differs."""

    with_connection: bool = False
    config: Mapping[str, Any] = field(default_factory=dict)
    kept: KeptByConversation = field(default_factory=KeptByConversation)

    async def call(self, arguments: Mapping[str, Any], caller: Caller, threads: ToolThreads) -> Outcome:
        loop = PluginLoop(asyncio.get_running_loop())
        kept = self.kept.of(caller.conversation_id)
        connection = Connection(caller, dict(self.config), loop, kept, threads)
        given = (connection,) if self.with_connection else ()
        try:
            if inspect.iscoroutinefunction(self.function):
                answer = await self.function(*given, **arguments)
            else:
                answer = await threads.run(lambda: self.function(*given, **arguments))
                if inspect.isawaitable(answer):
                    answer = await answer
            await _settled(loop)
        except asyncio.CancelledError:
            for one in loop.started:
                one.cancel()
            raise
        connection.over = True
        outcome = outcome_of(answer, spoke=connection.spoke)
        leave = (Leave(),) if connection.close_after_chat else ()
        return replace(outcome, effects=(*connection.effects, *leave))


async def _settled(loop: PluginLoop) -> None:
    """Wait for what was started, a while; what fails of it is logged."""
    await asyncio.sleep(0)  # what was handed over from a thread is started by now
    seen = 0
    until = loop.real.time() + AFTERWARDS_SECONDS
    while seen < len(loop.started):
        waiting = [asyncio.wrap_future(one) for one in loop.started[seen:]]
        seen = len(loop.started)
        for one in waiting:
            one.add_done_callback(_ended)
        _, left = await asyncio.wait(waiting, timeout=max(0.0, until - loop.real.time()))
        if left:
            _LEFT_BEHIND.update(left)
            for one in left:
                one.add_done_callback(_LEFT_BEHIND.discard)


_LEFT_BEHIND: set[asyncio.Future[Any]] = set()
"""Kept from the garbage collector; they end with the event loop."""


def _ended(started: asyncio.Future[Any]) -> None:
    if not started.cancelled() and (error := started.exception()) is not None:
        log.warning("what a plugin started failed", exc_info=error)
