"""Loading in the background: order, progress, retries, and an end that leaves nothing behind."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any, cast

import pytest

from kaikou.engines.ports import Card, Engine, Engines, Health, Progress
from kaikou.engines.warmup import Loading, Warmup
from kaikou.errors import EngineFailed, NotReady, SettingsError


class Fake:
    """Loads when its gate opens; each error given comes first, one a try."""

    def __init__(self, kind: str, log: list[str], errors: list[Exception] | None = None) -> None:
        self.card = Card(kind, f"fake-{kind}", kind)
        self.gate = asyncio.Event()
        self.now = Health("ready")
        self._log = log
        self._errors = errors or []
        self.report: Callable[[Progress], None] = lambda progress: None

    async def load(self, progress: Progress) -> None:
        self._log.append(f"load {self.card.kind}")
        self.report(progress)
        await self.gate.wait()
        if self._errors:
            raise self._errors.pop(0)
        self._log.append(f"ready {self.card.kind}")

    async def close(self) -> None:
        self._log.append(f"close {self.card.kind}")

    def health(self) -> Health:
        return self.now


class House:
    def __init__(self, **errors: list[Exception]) -> None:
        self.log: list[str] = []
        self.fakes = {
            kind: Fake(kind, self.log, errors.get(kind)) for kind in ("vad", "turn", "stt", "llm", "tts")
        }
        self.changes: list[Loading] = []
        self.warmup = Warmup(Engines(**cast(Any, self.fakes)), self.changes.append, back_off=(0.01, 0.02))

    def open(self, *kinds: str) -> None:
        for kind in kinds or self.fakes:
            self.fakes[kind].gate.set()

    def state(self, kind: str) -> Loading:
        return next(loading for loading in self.warmup.state() if loading.kind == kind)


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_small_engines_one_by_one_and_the_language_model_beside_them() -> None:
    house = House()
    assert isinstance(house.fakes["vad"], Engine)
    assert {loading.health.state for loading in house.warmup.state()} == {"waiting"}
    house.warmup.start()
    await settle()
    assert house.log == ["load vad", "load llm"]
    house.open()
    await asyncio.wait_for(house.warmup.wait_ready(), 5)
    assert [line for line in house.log if "llm" not in line] == [
        f"{what} {kind}" for kind in ("vad", "turn", "stt", "tts") for what in ("load", "ready")
    ]
    assert house.warmup.ready and house.warmup.waiting_for() == ""
    house.warmup.require_ready()
    await house.warmup.aclose()
    await house.warmup.aclose()
    assert {line for line in house.log if "close" in line} == {f"close {kind}" for kind in house.fakes}


async def test_the_sentence_says_what_is_waited_for() -> None:
    house = House()

    def report(progress: Progress) -> None:
        thread = threading.Thread(target=lambda: [progress("Downloading", i / 1000) for i in range(431)])
        thread.start()
        thread.join()

    house.fakes["llm"].report = report
    house.open("vad", "turn", "tts")
    house.warmup.start()
    await settle()
    sentence = house.warmup.waiting_for()
    assert sentence.startswith("Waiting for speech recognition (loading), the language model")
    assert "and the voice (waiting)" in sentence
    assert "Downloading, 43%" in sentence
    with pytest.raises(NotReady) as caught:
        house.warmup.require_ready()
    assert caught.value.hint == sentence
    # 431 steps of 0.1 % were told as steps of 0.5 %.
    steps = [change for change in house.changes if change.health.detail == "Downloading"]
    assert 50 < len(steps) < 100
    await house.warmup.aclose()


async def test_failures_are_tried_again_and_hold_nobody_up() -> None:
    house = House(stt=[EngineFailed("No network."), RuntimeError("a fault")], turn=[SettingsError("Bad.")])
    house.open()
    house.warmup.start()
    await asyncio.wait_for(house.warmup.wait_ready(), 5)
    assert house.state("stt").tries == 3
    assert house.state("turn").health == Health("failed", "Bad.")
    assert house.log.count("load turn") == 1  # a setting does not mend itself
    failed = [change.health.detail for change in house.changes if change.health.state == "failed"]
    assert any(detail.startswith("No network. Next try in") for detail in failed)
    assert not any("a fault" in detail for detail in failed)  # nothing internal leaks
    await house.warmup.aclose()


async def test_after_loading_an_engine_speaks_for_itself() -> None:
    house = House()
    house.open()
    house.warmup.start()
    await asyncio.wait_for(house.warmup.wait_ready(), 5)
    house.fakes["llm"].now = Health("degraded", "Starting again.")
    assert house.state("llm").health.state == "degraded"
    assert house.warmup.ready
    await house.warmup.aclose()


async def test_closing_in_the_middle_and_a_watcher_that_fails() -> None:
    house = House()

    def broken(change: Loading) -> None:
        raise RuntimeError("watcher")

    warmup = Warmup(Engines(**cast(Any, house.fakes)), broken)
    house.open("vad")
    warmup.start()
    await settle()
    assert "ready vad" in house.log
    tasks = asyncio.all_tasks()
    await warmup.aclose()
    assert asyncio.all_tasks() - {asyncio.current_task()} == tasks - tasks
    assert "close llm" in house.log and "close vad" in house.log
