"""The routes of ``/api/providers``."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fastapi import APIRouter, Response

from kaikou.api.problems import Problem
from kaikou.api.providers.catalogue import kind_out
from kaikou.api.providers.shapes import KindOut, ProvidersOut, TrialIn, TrialOut
from kaikou.api.providers.switch import Switchboard
from kaikou.api.providers.trial import try_engine
from kaikou.api.runtime import Runtime, RuntimeDep
from kaikou.errors import LimitReached, NotReady
from kaikou.settings.page import KINDS, Choice, ChoosableKind

if TYPE_CHECKING:
    from collections.abc import Iterable

router = APIRouter(prefix="/api/providers", tags=["operations"], responses={503: {"model": Problem}})

TRIALS = 3
"""Trials at once."""


@router.get("", summary="Which engine serves each kind, and what else could")
async def providers(runtime: RuntimeDep) -> ProvidersOut:
    """Keys are never told, only whether one is set and where it came from."""
    return ProvidersOut(kinds=await _kinds(runtime, KINDS))


@router.post("/test", responses={429: {"model": Problem}}, summary="Try an engine")
async def test_provider(body: TrialIn, runtime: RuntimeDep) -> TrialOut:
    """One small request to the engine as described: the answer tells whether and how fast it works.
    A key left out is the stored one, where engine and address are those it is stored for."""
    if runtime.engines is None:
        raise NotReady("The server is still starting.", hint="GET /api/health says what is waited for.")
    gate: asyncio.Semaphore = runtime.extras.setdefault("providers.trials", asyncio.Semaphore(TRIALS))
    if gate.locked():
        raise LimitReached(
            "Other trials are under way.", code="too_many_trials", hint="Wait until one has ended."
        )
    async with gate:
        return await try_engine(runtime, body)


@router.put(
    "/{kind}",
    responses={202: {"model": KindOut}, 409: {"model": Problem}, 422: {"model": Problem}},
    summary="Choose an engine",
)
async def choose_provider(
    kind: ChoosableKind, body: Choice, runtime: RuntimeDep, response: Response
) -> KindOut:
    """Put it in force for new sessions and keep the choice. 202 while it loads. Where it can't be
    loaded, what was in force stays."""
    return await _put(runtime, kind, body, response)


@router.delete(
    "/{kind}",
    responses={202: {"model": KindOut}, 409: {"model": Problem}},
    summary="Take back the page's choice",
)
async def forget_provider(kind: ChoosableKind, runtime: RuntimeDep, response: Response) -> KindOut:
    """Back to what the operator set, or to the default. Without a choice nothing changes."""
    if kind in await switchboard(runtime).choices():
        return await _put(runtime, kind, None, response)
    return (await _kinds(runtime, [kind]))[0]


def switchboard(runtime: Runtime) -> Switchboard:
    """The process's one; ``server.py`` closes it."""
    found: Switchboard = runtime.extras.setdefault("providers.switch", Switchboard(runtime))
    return found


async def _put(runtime: Runtime, kind: ChoosableKind, choice: Choice | None, response: Response) -> KindOut:
    if not await switchboard(runtime).put(kind, choice):
        response.status_code = 202
    return (await _kinds(runtime, [kind]))[0]


async def _kinds(runtime: Runtime, kinds: Iterable[ChoosableKind]) -> list[KindOut]:
    if runtime.engines is None or runtime.warmup is None:
        raise NotReady("The server is still starting.", hint="GET /api/health says what is waited for.")
    board, wanted = switchboard(runtime), tuple(kinds)
    while True:
        in_force = runtime.loaded
        kept = await board.choices()
        found = [
            await asyncio.to_thread(kind_out, runtime, kind, saved=kind in kept, switching=board.state(kind))
            for kind in wanted
        ]
        # A choice that came into force meanwhile would be told in part.
        if runtime.loaded is in_force:
            return found
