"""``/api/latency`` and ``/api/engines``: where the time of each turn went, and what each engine does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from kaikou.api import figures
from kaikou.api.figures import BOUNDS, Figures, Glance
from kaikou.api.health import EngineReport, engine_reports
from kaikou.api.problems import Problem
from kaikou.api.runtime import RuntimeDep
from kaikou.dialogue.waterfall import STAGES
from kaikou.errors import InvalidInput
from kaikou.store.records import PlacedTurn, now
from kaikou.store.turns import recent_turns

router = APIRouter(prefix="/api", tags=["operations"])

MOST_TURNS = 5_000
"""Turns that the figures are made of; the newest ones."""
LONGEST_WINDOW = 30 * 86_400
DAY = 86_400
_OF_KIND = {"stt": "transcript", "llm": "first_token", "tts": "first_audio"}
"""The stage of a turn that shows how quick an engine of the kind is."""


class StageOut(BaseModel):
    """One step of a turn, in seconds since the end of speech."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    start: float
    end: float
    queued: float


class StageFigures(BaseModel):
    name: str
    count: int
    done: Figures = Field(description="Seconds after the end of speech at which the stage was done.")
    took: Figures = Field(description="How long it took; it may have begun before the end of speech.")
    queued: Figures = Field(description="Of that, waiting for the processor.")


class Speculation(BaseModel):
    """Replies begun unheard, before the turn was known to be over."""

    turns: int
    hits: int = Field(description="Turns whose reply was begun early and was then used.")
    hit_rate: float | None
    gain_p50: float | None = Field(description="Seconds the used ones were ahead.")
    thrown_away: int = Field(description="Begun early, and thrown away because the user went on.")


class LatencyTurn(BaseModel):
    id: str
    conversation_id: str
    conversation_title: str
    agent_id: str | None
    surface: str
    created_at: datetime
    status: str
    stages: list[StageOut]
    total: float | None
    queued: float
    speculations: int
    speculated: bool = Field(description="The reply was begun before the turn was known to be over.")
    engines: dict[str, str]
    error: str


class Latency(BaseModel):
    window: float
    since: datetime
    count: int
    truncated: bool = Field(description="There were more turns than the figures are made of.")
    bounds: list[float]
    total: Figures
    stages: list[StageFigures]
    queued: Figures
    speculation: Speculation
    by_conversation: list[Glance]
    by_agent: list[Glance]
    by_engines: list[Glance]
    turns: list[LatencyTurn] = Field(description="Newest first.")


class ModelTime(BaseModel):
    """How long the engine's stage of a turn took in the last day, queue time taken out."""

    stage: str
    count: int
    p50: float | None
    p95: float | None


class WorkOut(BaseModel):
    """What one kind of engine did in one lane since the start; means in seconds."""

    lane: str
    finished: int
    failed: int
    cancelled: int
    refused: int
    queued_mean: float | None
    ran_mean: float | None


class EngineFigures(EngineReport):
    model_time: ModelTime | None
    work: list[WorkOut]


class LaneOut(BaseModel):
    lane: str
    waiting: int
    running: int
    limit: int
    oldest: float = Field(description="Seconds that the first in line has waited.")


class EnginesOut(BaseModel):
    engines: list[EngineFigures]
    lanes: list[LaneOut]


@router.get("/latency", responses={422: {"model": Problem}}, summary="Where the time of recent turns went")
async def latency(
    runtime: RuntimeDep,
    window: Annotated[float, Query(gt=0, le=LONGEST_WINDOW, description="Seconds back from now.")] = DAY,
    limit: Annotated[int, Query(ge=0, le=500, description="Turns listed.")] = 100,
    conversation_id: str | None = None,
    agent_id: str | None = None,
    surface: str | None = None,
    engine: Annotated[str | None, Query(description="kind:name, e.g. llm:deepseek.")] = None,
) -> Latency:
    """Waterfalls of recent turns, and what they come to."""
    kind, _, name = (engine or "").partition(":")
    if engine and (kind not in _OF_KIND or not name):
        raise InvalidInput(
            "engine is kind:name, e.g. llm:deepseek.", code="invalid_engine_filter", param="engine"
        )
    await runtime.journal.flush()
    since = now() - timedelta(seconds=window)
    found = await recent_turns(
        runtime.database,
        since,
        limit=MOST_TURNS + 1,
        conversation_id=conversation_id,
        agent_id=agent_id,
        surface=surface,
    )
    turns = found[:MOST_TURNS]
    if engine:
        turns = tuple(one for one in turns if one.turn.engines.get(kind) == name)
    names = {agent.id: agent.name for agent in await runtime.agents.all()}
    return Latency(
        window=window,
        since=since,
        count=len(turns),
        truncated=len(found) > MOST_TURNS,
        bounds=list(BOUNDS),
        total=figures.figures(total for one in turns if (total := figures.answered(one)) is not None),
        stages=_stages(turns),
        queued=figures.figures(figures.queued(one.turn) for one in turns),
        speculation=_speculation(turns),
        by_conversation=figures.glances(
            turns, lambda one: one.conversation_id, lambda key, one: (key, one.title, None)
        ),
        by_agent=figures.glances(
            turns, lambda one: one.agent_id or "", lambda key, one: (key, names.get(key, key), None)
        ),
        by_engines=figures.glances(
            turns,
            lambda one: tuple(sorted(one.turn.engines.items())),
            lambda key, one: (_set_of(dict(key)), _set_of(dict(key)), dict(key)),
        ),
        turns=[_turn(one) for one in turns[:limit]],
    )


@router.get("/engines", summary="Each engine with its card, health and speed")
async def engines(runtime: RuntimeDep) -> EnginesOut:
    """As ``/api/health`` tells them, with what they did and how long it took."""
    since = now() - timedelta(seconds=DAY)
    turns = await recent_turns(runtime.database, since, limit=MOST_TURNS)
    pool = runtime.pool.snapshot()
    found = []
    for one in engine_reports(runtime):
        work = [
            WorkOut(
                lane=lane.name.lower(),
                finished=did.finished,
                failed=did.failed,
                cancelled=did.cancelled,
                refused=did.refused,
                queued_mean=round(did.queued / did.finished, 4) if did.finished else None,
                ran_mean=round(did.ran / did.finished, 4) if did.finished else None,
            )
            for (kind, lane), did in sorted(pool.totals.items())
            if kind == one.kind
        ]
        found.append(EngineFigures(**one.model_dump(), model_time=_model_time(one, turns), work=work))
    lanes = [
        LaneOut(
            lane=lane.name.lower(),
            waiting=load.waiting,
            running=load.running,
            limit=load.limit,
            oldest=load.oldest,
        )
        for lane, load in pool.lanes.items()
    ]
    return EnginesOut(engines=found, lanes=lanes)


def _stages(turns: Sequence[PlacedTurn]) -> list[StageFigures]:
    found = []
    for name in STAGES:
        spans = [stage for one in turns for stage in one.turn.stages if stage.name == name]
        if spans:
            found.append(
                StageFigures(
                    name=name,
                    count=len(spans),
                    done=figures.figures(span.end for span in spans),
                    took=figures.figures(figures.took(span) for span in spans),
                    queued=figures.figures(span.queued for span in spans),
                )
            )
    return found


def _speculation(turns: Sequence[PlacedTurn]) -> Speculation:
    gains = [gain for one in turns if (gain := figures.head_start(one.turn)) is not None]
    return Speculation(
        turns=len(turns),
        hits=len(gains),
        hit_rate=round(len(gains) / len(turns), 4) if turns else None,
        gain_p50=figures.quantile(sorted(gains), 0.5),
        thrown_away=sum(one.turn.speculations for one in turns),
    )


def _turn(placed: PlacedTurn) -> LatencyTurn:
    turn = placed.turn
    return LatencyTurn(
        id=turn.id,
        conversation_id=placed.conversation_id,
        conversation_title=placed.title,
        agent_id=placed.agent_id,
        surface=placed.surface,
        created_at=turn.created_at,
        status=turn.status,
        stages=[StageOut.model_validate(stage) for stage in turn.stages],
        total=figures.answered(placed),
        queued=figures.queued(turn),
        speculations=turn.speculations,
        speculated=figures.head_start(turn) is not None,
        engines=dict(turn.engines),
        error=turn.error,
    )


def _set_of(engines: dict[str, str]) -> str:
    return " / ".join(engines[kind] for kind in _OF_KIND if kind in engines)


def _model_time(engine: EngineReport, turns: Sequence[PlacedTurn]) -> ModelTime | None:
    stage = _OF_KIND.get(engine.kind)
    if stage is None:
        return None
    times = sorted(
        max(0.0, figures.took(span) - span.queued)
        for one in turns
        if one.turn.engines.get(engine.kind) == engine.name
        for span in one.turn.stages
        if span.name == stage
    )
    if not times:
        return None
    p50, p95 = figures.quantile(times, 0.5), figures.quantile(times, 0.95)
    return ModelTime(stage=stage, count=len(times), p50=p50, p95=p95)
