"""``/api/knowledge/bases``."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter

from kaikou.api.knowledge.shapes import BaseOut, BasesOut, ChangedBase, NewBase, Thrown, knowledge_of
from kaikou.api.problems import Problem
from kaikou.api.runtime import RuntimeDep
from kaikou.store.records import now

router = APIRouter(
    prefix="/api/knowledge/bases",
    tags=["knowledge"],
    responses={404: {"model": Problem}, 422: {"model": Problem}},
)


@router.get("")
async def list_bases(runtime: RuntimeDep) -> BasesOut:
    """By name."""
    found = await knowledge_of(runtime).bases()
    return BasesOut(bases=[BaseOut.model_validate(row) for row in found])


@router.post("", status_code=201)
async def create_base(body: NewBase, runtime: RuntimeDep) -> BaseOut:
    return BaseOut.model_validate(await knowledge_of(runtime).create(body.name, body.description))


@router.get("/{base_id}")
async def get_base(base_id: str, runtime: RuntimeDep) -> BaseOut:
    return BaseOut.model_validate(await knowledge_of(runtime).base(base_id))


@router.patch("/{base_id}")
async def change_base(base_id: str, body: ChangedBase, runtime: RuntimeDep) -> BaseOut:
    found = await knowledge_of(runtime).change(base_id, body.name, body.description)
    return BaseOut.model_validate(found)


@router.delete("/{base_id}")
async def delete_base(base_id: str, runtime: RuntimeDep) -> Thrown:
    """Throw it away with its documents; it can be brought back for ``limits.undo_seconds``."""
    await knowledge_of(runtime).delete(base_id)
    return Thrown(
        deleted=base_id, restorable_until=now() + timedelta(seconds=runtime.settings.limits.undo_seconds)
    )


@router.post("/{base_id}/restore")
async def restore_base(base_id: str, runtime: RuntimeDep) -> BaseOut:
    return BaseOut.model_validate(await knowledge_of(runtime).restore(base_id))
