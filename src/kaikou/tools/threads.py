"""Threads for tools that block.

Not the process's shared executor: a plugin that hangs would take its threads from everybody, and, since
those are joined at exit, keep the server from stopping. These are daemons, and counted.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from typing import TypeVar

from kaikou.errors import Overloaded

Result = TypeVar("Result")


class ToolThreads:
    """At most ``limit`` threads at once, those that hang included."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._running = 0

    async def run(self, function: Callable[[], Result]) -> Result:
        """The function's result, from a thread. Cancelling stops the waiting, not the thread.
        Overloaded ``tool_threads_busy`` where all are taken."""
        if self._running >= self._limit:
            raise Overloaded(
                f"{self._limit} tools are at work already.",
                code="tool_threads_busy",
                hint="One of them may hang; a restart frees it.",
            )
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Result] = loop.create_future()
        context = contextvars.copy_context()

        def settle(result: Result | None, error: BaseException | None) -> None:
            self._running -= 1
            if waiter.done():
                return
            if error is None:
                waiter.set_result(result)  # type: ignore[arg-type]
            else:
                waiter.set_exception(error)

        def work() -> None:
            result: Result | None = None
            error: BaseException | None = None
            try:
                result = context.run(function)
            except StopIteration as stopped:  # a future can't carry it
                error = RuntimeError(f"StopIteration: {stopped}")
            except BaseException as raised:  # noqa: BLE001 - SystemExit of a plugin is its failure, too
                error = raised if isinstance(raised, Exception) else RuntimeError(repr(raised))
            try:
                loop.call_soon_threadsafe(settle, result, error)
            except RuntimeError:
                return  # the loop is closed: nobody waits any more

        threading.Thread(target=work, name="tool", daemon=True).start()
        self._running += 1  # not before: a machine out of threads would lose a place with each call
        return await waiter
