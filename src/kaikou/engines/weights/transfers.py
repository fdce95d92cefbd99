"""How far each model is that is being fetched: bytes, speed, and what went wrong."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from kaikou.engines.weights.catalogue import Model
from kaikou.errors import KaikouError

WINDOW_SECONDS = 5.0
"""The speed is that of the last moments, not of the whole download."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """One model on its way. ``rate`` is bytes a second, where it is known."""

    model: Model
    state: Literal["waiting", "downloading", "checking", "failed"] = "waiting"
    source: str = ""
    done: int = 0
    total: int = 0
    rate: float | None = None
    error: KaikouError | None = None

    @property
    def remaining(self) -> float | None:
        """Seconds still to go at this speed."""
        return (self.total - self.done) / self.rate if self.rate and self.total else None


class Transfers:
    """The models that this process fetches or failed to. Values are replaced whole, so that the event
    loop may read while a thread reports."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._now: dict[str, Transfer] = {}
        self._samples: dict[str, deque[tuple[float, int]]] = {}
        self.asked: set[str] = set()
        """Every model an engine asked for, whether it was there or not."""

    def get(self, model: str) -> Transfer | None:
        return self._now.get(model)

    def of_kind(self, role: str) -> Transfer | None:
        """What an engine of this kind waits for; a failed one where nothing is under way."""
        found = [one for one in tuple(self._now.values()) if one.model.role == role]
        found.sort(key=lambda one: one.state == "failed")
        return found[0] if found else None

    def begin(self, model: Model) -> None:
        self._samples[model.id] = deque()
        self._now[model.id] = Transfer(model, total=model.size)

    def source(self, model: Model, kind: str) -> None:
        """Another source is asked; it may count from the beginning."""
        self._samples[model.id] = deque()
        self._change(model, state="downloading", source=kind, done=0, rate=None)

    def got(self, model: Model, done: int, total: int) -> None:
        """So many bytes of so many are here."""
        now = self._clock()
        samples = self._samples.setdefault(model.id, deque())
        samples.append((now, done))
        while samples[0][0] < now - WINDOW_SECONDS and len(samples) > 2:
            samples.popleft()
        since, before = samples[0]
        rate = (done - before) / (now - since) if now > since else None
        self._change(model, state="downloading", done=done, total=total, rate=rate)

    def checking(self, model: Model) -> None:
        self._change(model, state="checking", rate=None)

    def failed(self, model: Model, error: KaikouError) -> None:
        self._change(model, state="failed", rate=None, error=error)

    def ended(self, model: Model) -> None:
        """It is here, or nobody wants it any more."""
        self._now.pop(model.id, None)
        self._samples.pop(model.id, None)

    def _change(self, model: Model, **values: object) -> None:
        if (before := self._now.get(model.id)) is not None:
            self._now[model.id] = replace(before, **values)  # type: ignore[arg-type]
