"""``POST /api/knowledge/search``: what an agent would find."""

from __future__ import annotations

import time

from fastapi import APIRouter

from kaikou.api.knowledge.shapes import FoundOut, SearchIn, SearchOut, knowledge_of
from kaikou.api.problems import Problem
from kaikou.api.runtime import RuntimeDep
from kaikou.engines.ports import Lane
from kaikou.knowledge.searching import Passage

router = APIRouter(prefix="/api/knowledge", tags=["knowledge"])


@router.post("/search", responses={404: {"model": Problem}, 422: {"model": Problem}})
async def search(body: SearchIn, runtime: RuntimeDep) -> SearchOut:
    """The passages that answer the question best, by meaning and by words together."""
    knowledge = knowledge_of(runtime)
    bases = body.bases or [row.id for row in await knowledge.bases()]
    began = time.perf_counter()
    found = await knowledge.search(body.query, bases=bases, limit=body.limit, lane=Lane.INTERACTIVE)
    return SearchOut(
        results=[_shown(one) for one in found],
        seconds=time.perf_counter() - began,
        without_meaning=found.without_meaning,
    )


def _shown(one: Passage) -> FoundOut:
    return FoundOut(
        text=one.text,
        document_id=one.document_id,
        document_title=one.document_title,
        base_id=one.base_id,
        headings=list(one.location.headings),
        page=one.location.page,
        start=one.location.start,
        end=one.location.end,
        location=str(one.location),
        score=one.score,
        similarity=one.similarity,
        words_rank=one.words_rank,
    )
