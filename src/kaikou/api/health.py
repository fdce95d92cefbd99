"""Health, told truthfully: ``/health`` (alive), ``/ready`` (takes calls), ``/api/health`` (deep), ``/``."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from kaikou.api.pages import index_page
from kaikou.api.runtime import Runtime, RuntimeDep
from kaikou.api.status import liveness, wants_json
from kaikou.engines.ports import Card, Health
from kaikou.engines.weights.store import WeightStore
from kaikou.errors import KaikouError
from kaikou.machine import kaikou_version

Status = Literal["starting", "healthy", "degraded", "unhealthy"]

NEEDED = ("vad", "stt", "llm", "tts")
"""Without one of these there is no conversation; the turn detector is a help, not a need."""

PING_SECONDS = 2.0


class Download(BaseModel):
    """A model on its way."""

    model: str
    title: str
    done: int = Field(description="Bytes that are here.")
    total: int
    rate: float | None = Field(description="Bytes a second.")
    remaining_seconds: float | None


class EngineReport(BaseModel):
    """One engine: its card and how it is now."""

    kind: str
    name: str
    title: str
    model: str
    languages: list[str] = Field(description="BCP 47; empty: any.")
    licence: str
    sample_rate: int | None
    streaming: bool
    local: bool = Field(description="False where audio or text leaves this machine.")
    weights: str
    scripted: bool = Field(description="True where answers come from settings (tests and demos).")
    note: str
    state: Literal["waiting", "loading", "ready", "degraded", "failed"]
    detail: str
    progress: float | None = Field(description="0..1 while loading, where known.")
    download: Download | None = Field(None, description="The model it waits for.")


class HealthReport(BaseModel):
    """The whole server."""

    status: Status
    timestamp: str
    version: str
    services: dict[str, Status]
    engines: list[EngineReport]
    sessions: dict[str, int | None]
    waiting_for: str = Field(description="What a call would have to wait for, as a sentence.")
    draining: bool


def download_of(weights: object, kind: str) -> Download | None:
    """What the engine of a kind is downloading now."""
    found = weights.transfers.of_kind(kind) if isinstance(weights, WeightStore) else None
    if found is None or found.state == "failed":
        return None
    return Download(
        model=found.model.id,
        title=found.model.title,
        done=found.done,
        total=found.total,
        rate=found.rate,
        remaining_seconds=found.remaining,
    )


def engine_report(card: Card, health: Health, download: Download | None = None) -> EngineReport:
    """Card and health as one flat object."""
    return EngineReport(
        kind=card.kind,
        name=card.name,
        title=card.title,
        model=card.model,
        languages=list(card.languages),
        licence=card.licence,
        sample_rate=card.sample_rate,
        streaming=card.streaming,
        local=card.local,
        weights=card.weights,
        scripted=card.scripted,
        note=card.note,
        state=health.state,
        detail=health.detail,
        progress=health.progress,
        download=download,
    )


def engine_reports(runtime: Runtime) -> list[EngineReport]:
    """Every engine of the process, as it is this moment."""
    return [_report(runtime, card, health) for card, health in engine_states(runtime)]


def _report(runtime: Runtime, card: Card, health: Health) -> EngineReport:
    download = download_of(runtime.weights, card.kind) if health.state == "loading" else None
    return engine_report(card, health, download)


def engine_states(runtime: Runtime) -> list[tuple[Card, Health]]:
    """Card and health of every engine; empty before they are constructed."""
    if runtime.warmup is None or runtime.engines is None:
        return []
    engines = runtime.engines
    found = {kind: getattr(engines, kind) for kind in ("vad", "turn", "stt", "llm", "tts")} | dict(
        engines.extra
    )
    return [(found[loading.kind].card, loading.health) for loading in runtime.warmup.state()]


def service_status(health: Health) -> Status:
    """An engine's state in the words of a service."""
    words: dict[str, Status] = {
        "waiting": "starting",
        "loading": "starting",
        "ready": "healthy",
        "degraded": "degraded",
        "failed": "unhealthy",
    }
    return words[health.state]


def overall(services: dict[str, Status]) -> Status:
    """Unhealthy where something needed is; starting while anything warms; degraded where something
    limps, or a helper (the turn detector) failed."""
    if any(status == "unhealthy" for name, status in services.items() if name != "turn"):
        return "unhealthy"
    if "starting" in services.values():
        return "starting"
    return "healthy" if set(services.values()) == {"healthy"} else "degraded"


async def report(runtime: Runtime) -> HealthReport:
    """The whole server as it is now: the engines, the database and the queues are asked."""
    states = engine_states(runtime)
    services: dict[str, Status] = dict.fromkeys(NEEDED, "starting")
    for card, health in states:
        services[card.kind] = service_status(health)
    services["database"] = await _database(runtime)
    services["session_manager"] = "healthy" if runtime.live is not None else "starting"
    services["request_manager"] = _queues(runtime)
    return HealthReport(
        status=overall(services),
        timestamp=datetime.now(UTC).isoformat(),
        version=kaikou_version(),
        services=services,
        engines=[_report(runtime, card, health) for card, health in states],
        sessions=session_counts(runtime),
        waiting_for=waiting_for(runtime),
        draining=runtime.draining,
    )


def waiting_for(runtime: Runtime) -> str:
    """What a call would have to wait for, as a sentence; empty when one can be taken."""
    return runtime.warmup.waiting_for() if runtime.warmup else "Waiting for the engines."


def session_counts(runtime: Runtime) -> dict[str, int | None]:
    """Live sessions now, and how many there may be (None: not known yet)."""
    if runtime.live is None:
        return {"live": 0, "limit": None}
    load = runtime.live.admission.load
    return {"live": load.sessions, "limit": load.capacity}


async def _database(runtime: Runtime) -> Status:
    """Entries the journal lost degrade it."""
    try:
        await asyncio.wait_for(runtime.database.ping(), PING_SECONDS)
    except (KaikouError, TimeoutError):
        return "unhealthy"
    return "healthy" if runtime.journal.health().ok else "degraded"


def _queues(runtime: Runtime) -> Status:
    """A full lane refuses work."""
    lanes = runtime.pool.snapshot().lanes.values()
    return "degraded" if any(lane.waiting >= lane.limit for lane in lanes) else "healthy"


router = APIRouter(tags=["operations"])


@router.get("/health", summary="Alive?")
async def health(runtime: RuntimeDep) -> dict[str, Any]:
    """Liveness: the process answers. Touches no engine."""
    return liveness(model_loaded=bool(runtime.warmup and runtime.warmup.ready))


@router.get("/ready", summary="Can calls be taken?")
async def ready(runtime: RuntimeDep) -> JSONResponse:
    """200 when a call can be taken now, else 503 with what is waited for."""
    waiting = "The server is stopping." if runtime.draining else waiting_for(runtime)
    body = {"ready": not waiting, "waiting_for": waiting}
    return JSONResponse(body, status_code=503 if waiting else 200)


@router.get("/api/health", response_model=HealthReport, summary="Health of every part")
async def deep_health(runtime: RuntimeDep) -> JSONResponse:
    """Asks every engine, the database and the queues. 503 only when ``status`` is ``unhealthy``."""
    found = await report(runtime)
    code = 503 if found.status == "unhealthy" else 200
    return JSONResponse(found.model_dump(), status_code=code, headers={"cache-control": "no-store"})


@router.get("/", include_in_schema=False)
async def root(request: Request, runtime: RuntimeDep) -> Response:
    """The page; for a program that asks for JSON, the status object."""
    if not wants_json(request.headers.get("accept", "")):
        return await asyncio.to_thread(index_page)
    found = await report(runtime)
    services = {
        "session_manager": found.services["session_manager"],
        "stt_service": found.services["stt"],
        "llm_service": found.services["llm"],
        "request_manager": found.services["request_manager"],
        "websocket_handler": "healthy",
    }
    return JSONResponse(
        {
            "status": found.status,
            "timestamp": found.timestamp,
            "service": "kaikou",
            "version": found.version,
            "services": services,
        }
    )
