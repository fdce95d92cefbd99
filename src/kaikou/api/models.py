"""``/api/models``: the model files, which of them are here, and how far the others are."""

from __future__ import annotations

import asyncio
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from kaikou.api.health import engine_states
from kaikou.api.problems import Problem
from kaikou.api.runtime import Runtime, RuntimeDep
from kaikou.engines.weights.store import ModelState, WeightStore
from kaikou.engines.weights.transfers import Transfer
from kaikou.errors import InvalidInput, NotReady

router = APIRouter(prefix="/api/models", tags=["operations"], responses={503: {"model": Problem}})

PURPOSE = {
    "vad": "Notices when somebody speaks",
    "turn": "Tells a pause from the end of a sentence",
    "stt": "Turns speech into text",
    "llm": "Thinks of the answers",
    "tts": "Speaks the answers",
    "speaker": "Tells people by their voices",
    "embedding": "Finds what documents say about a question",
    "vision": "Looks at pictures",
}
State = Literal["installed", "partial", "missing", "waiting", "downloading", "checking", "failed"]


class LicenceOut(BaseModel):
    code: str
    weights: str


class FailureOut(BaseModel):
    code: str
    message: str
    hint: str


class ModelOut(BaseModel):
    """One model of the catalogue."""

    id: str
    title: str
    kind: str
    purpose: str
    licence: LicenceOut
    languages: list[str]
    note: str
    size: int = Field(description="Bytes on disk.")
    state: State
    needed: bool = Field(description="An engine in force wants it.")
    done: int = Field(description="Bytes that are here.")
    total: int = Field(description="Bytes to fetch; more than the size where they come in archives.")
    rate: float | None = Field(description="Bytes a second.")
    remaining_seconds: float | None
    source: str
    error: FailureOut | None


class ModelsOut(BaseModel):
    folder: str
    offline: bool
    models: list[ModelOut]


class Retry(BaseModel):
    """What to try again; nothing named: whatever failed."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["vad", "turn", "stt", "llm", "tts"] | None = None
    model: str | None = None


class Retried(BaseModel):
    retried: list[str] = Field(description="Kinds of engines that load again.")


@router.get("", summary="Model files and their downloads")
async def models(runtime: RuntimeDep) -> ModelsOut:
    """Every model Kaikou knows; those that an engine in force wants first."""
    store = _store(runtime)
    states = await asyncio.to_thread(store.states)
    wanted = _wanted(runtime, store)
    found = [_out(one, store.transfers.get(one.model.id), needed=one.model.id in wanted) for one in states]
    found.sort(key=lambda one: not one.needed)
    return ModelsOut(folder=str(store.folder), offline=store.settings.offline, models=found)


@router.post(
    "/retry",
    status_code=202,
    responses={404: {"model": Problem}, 409: {"model": Problem}},
    summary="Try again what failed",
)
async def retry(runtime: RuntimeDep, body: Retry | None = None) -> Retried:
    """Load failed engines again at once, and with them what they could not download."""
    body = body or Retry()
    if runtime.warmup is None:
        raise NotReady("The server is still starting.", hint="GET /api/health says what is waited for.")
    kind: str | None = body.kind
    if body.model is not None:
        kind = _store(runtime).catalogue[body.model].role
    kinds = [kind] if kind is not None else [loading.kind for loading in runtime.warmup.state()]
    retried = [one for one in kinds if runtime.warmup.retry(one)]
    if not retried:
        raise InvalidInput(
            "Nothing that failed is there to be tried again.", code="nothing_failed", status=409
        )
    return Retried(retried=retried)


def _store(runtime: Runtime) -> WeightStore:
    if not isinstance(runtime.weights, WeightStore):
        raise NotReady("The models are not known yet.")
    return runtime.weights


def _wanted(runtime: Runtime, store: WeightStore) -> set[str]:
    """What engines asked for, and what those that have not come to it yet take by default; nothing for a
    kind that is served by somebody else."""
    local = {card.kind for card, _ in engine_states(runtime) if card.local and not card.scripted}
    asked = {one for one in store.transfers.asked if store.catalogue[one].role in local}
    waiting = {
        card.kind
        for card, health in engine_states(runtime)
        if card.kind in local and health.state in ("waiting", "loading")
    }
    usual = {model.id for model in store.catalogue if "default" in model.sets and model.role in waiting}
    return asked | usual


def _out(state: ModelState, transfer: Transfer | None, *, needed: bool) -> ModelOut:
    model = state.model
    here = state.state == "installed"
    error = transfer.error if transfer is not None and transfer.state == "failed" and not here else None
    moving = transfer if not here else None
    return ModelOut(
        id=model.id,
        title=model.title,
        kind=model.role,
        purpose=PURPOSE[model.role],
        licence=LicenceOut(code=model.licence.code, weights=model.licence.weights),
        languages=list(model.languages),
        note=model.note,
        size=model.size,
        state=moving.state if moving is not None else state.state,
        needed=needed,
        done=moving.done if moving is not None else model.size if here else 0,
        total=moving.total if moving is not None else model.size,
        rate=moving.rate if moving is not None else None,
        remaining_seconds=moving.remaining if moving is not None else None,
        source=moving.source if moving is not None else "",
        error=FailureOut(code=error.code, message=error.message, hint=error.hint) if error else None,
    )
