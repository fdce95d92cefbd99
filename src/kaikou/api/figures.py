"""What many measurements come to: quantiles and a histogram, and a group of turns at a glance."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from pydantic import BaseModel, Field

from kaikou.store.records import PlacedTurn, StageRow, TurnRow

BOUNDS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.5, 10.0, 20.0)
"""Upper bounds of the histograms' buckets, seconds; the last bucket is open."""

Key = TypeVar("Key")


class Figures(BaseModel):
    """Seconds. Quantiles are None where nothing was measured."""

    count: int
    p50: float | None
    p90: float | None
    p95: float | None
    max: float | None
    counts: list[int] = Field(description="Measurements by bucket of ``bounds``, and one beyond the last.")


class Glance(BaseModel):
    """A group of turns: how long from the end of speech to the reply's first sound."""

    key: str
    label: str
    count: int
    p50: float | None
    p90: float | None
    p95: float | None
    engines: dict[str, str] | None = None


def figures(values: Iterable[float]) -> Figures:
    """Quantiles by the nearest rank, so that each is a value that was measured."""
    ordered = sorted(values)
    counts = [0] * (len(BOUNDS) + 1)
    for value in ordered:
        counts[bisect_left(BOUNDS, value)] += 1
    return Figures(
        count=len(ordered),
        p50=quantile(ordered, 0.5),
        p90=quantile(ordered, 0.9),
        p95=quantile(ordered, 0.95),
        max=round(ordered[-1], 4) if ordered else None,
        counts=counts,
    )


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """Of ascending values, the smallest that at least ``share`` of them do not exceed."""
    if not ordered:
        return None
    rank = max(0, -int(-share * len(ordered) // 1) - 1)
    return round(ordered[rank], 4)


def took(stage: StageRow) -> float:
    return max(0.0, stage.end - stage.start)


def queued(turn: TurnRow) -> float:
    """Seconds of the turn's stages that were waiting for the processor."""
    return round(sum(stage.queued for stage in turn.stages), 4)


def answered(placed: PlacedTurn) -> float | None:
    """Seconds until the reply began: its first sound, in a written conversation its first word; None
    for a turn that was over before that."""
    stages = {stage.name for stage in placed.turn.stages}
    began = "sent" in stages or (placed.surface == "chat" and "first_token" in stages)
    return placed.turn.total if began else None


def head_start(turn: TurnRow) -> float | None:
    """Seconds by which the reply was begun before the turn was known to be over; None where it was
    begun afterwards."""
    stages = {stage.name: stage for stage in turn.stages}
    end, thought = stages.get("end_of_turn"), stages.get("first_token")
    if end is None or thought is None or thought.start >= end.end:
        return None
    return end.end - thought.start


def glances(
    turns: Iterable[PlacedTurn],
    key: Callable[[PlacedTurn], Key],
    describe: Callable[[Key, PlacedTurn], tuple[str, str, dict[str, str] | None]],
    most: int = 50,
) -> list[Glance]:
    """Groups of turns, the most frequent first. ``describe`` gives key, label and engines."""
    groups: dict[Key, list[PlacedTurn]] = {}
    for turn in turns:
        groups.setdefault(key(turn), []).append(turn)
    found = []
    for name, members in sorted(groups.items(), key=lambda group: -len(group[1]))[:most]:
        totals = sorted(total for one in members if (total := answered(one)) is not None)
        text, label, engines = describe(name, members[0])
        found.append(
            Glance(
                key=text,
                label=label,
                count=len(members),
                p50=quantile(totals, 0.5),
                p90=quantile(totals, 0.9),
                p95=quantile(totals, 0.95),
                engines=engines,
            )
        )
    return found
