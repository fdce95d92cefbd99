"""Requests of the moment answered by one model call."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextvars import Context
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from kaikou.engines.metering import Meter, current_meter, metering
from kaikou.engines.pool import Pool
from kaikou.engines.ports import Lane
from kaikou.errors import NotReady, Overloaded

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(eq=False, slots=True)
class _Request(Generic[Item, Result]):
    item: Item
    future: asyncio.Future[Result]
    meter: Meter | None
    submitted: float = field(default_factory=time.perf_counter)


class Batcher(Generic[Item, Result]):
    """Collects concurrent requests for a model and runs them in one call on the pool.

    ``call`` gets 1..``size`` items in order of arrival and gives as many results in the same order.
    The first request waits ``gather`` seconds for company; while a batch runs, the next one fills.
    A request cancelled before its batch starts is left out of it. Belongs to one event loop.
    """

    def __init__(
        self,
        pool: Pool,
        kind: str,
        lane: Lane,
        call: Callable[[list[Item]], Sequence[Result]],
        *,
        size: int = 16,
        gather: float = 0.0,
        limit: int = 256,
    ) -> None:
        self._pool = pool
        self._kind = kind
        self._lane = lane
        self._call = call
        self._size = size
        self._gather = gather
        self._waiting: asyncio.Queue[_Request[Item, Result]] = asyncio.Queue(maxsize=limit)
        self._runner: asyncio.Task[None] | None = None
        self._closed = False

    async def run(self, item: Item) -> Result:
        """The result for ``item``. Raises what ``call`` raises, Overloaded when too many wait."""
        if self._closed:
            raise _shutting_down()
        request = _Request[Item, Result](item, asyncio.get_running_loop().create_future(), current_meter())
        try:
            self._waiting.put_nowait(request)
        except asyncio.QueueFull:
            raise Overloaded(
                f"Too many {self._kind} requests wait for one model ({self._waiting.maxsize}).",
                hint="Try again shortly.",
            ) from None
        if self._runner is None:
            # Its own context: a batch belongs to no single request's meter.
            self._runner = asyncio.create_task(
                self._serve(), name=f"batches of {self._kind}", context=Context()
            )
        return await request.future

    async def close(self) -> None:
        """Refuse what waits (NotReady) and stop. Safe to call twice."""
        self._closed = True
        runner, self._runner = self._runner, None
        if runner is not None:
            runner.cancel()
            await asyncio.wait({runner})
        for request in self._take(self._waiting.qsize()):
            request.future.set_exception(_shutting_down())

    async def _serve(self) -> None:
        while not self._waiting.empty():
            if self._gather and self._waiting.qsize() < self._size:
                await asyncio.sleep(self._gather)
            if batch := self._take(self._size):
                await self._answer(batch)
        self._runner = None

    def _take(self, most: int) -> list[_Request[Item, Result]]:
        """Up to ``most`` waiting requests that somebody still waits for."""
        batch: list[_Request[Item, Result]] = []
        while len(batch) < most and not self._waiting.empty():
            request = self._waiting.get_nowait()
            if not request.future.done():
                batch.append(request)
        return batch

    async def _answer(self, batch: list[_Request[Item, Result]]) -> None:
        sent = time.perf_counter()
        items = [request.item for request in batch]
        with metering() as meter:
            try:
                results = await self._pool.run(self._kind, self._lane, self._call, items)
                if len(results) != len(items):
                    raise RuntimeError(f"a batch of {len(items)} gave {len(results)} results")
            except asyncio.CancelledError:
                for request in batch:
                    if not request.future.done():
                        request.future.set_exception(_shutting_down())
                raise
            except Exception as error:  # noqa: BLE001 - every requester gets it
                for request in batch:
                    if not request.future.done():
                        request.future.set_exception(error)
                return
        for request, result in zip(batch, results, strict=True):
            if request.meter is not None:
                request.meter.add(sent - request.submitted + meter.queued, meter.ran)
            if not request.future.done():
                request.future.set_result(result)


def _shutting_down() -> NotReady:
    return NotReady("The server is shutting down.", code="shutting_down")
