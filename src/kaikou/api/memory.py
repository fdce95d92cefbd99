"""``/api/memory``: what agents remember of people; seen, corrected, erased, taken along."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from kaikou.api.problems import Problem
from kaikou.api.runtime import Runtime, RuntimeDep
from kaikou.errors import NotReady
from kaikou.memory.library import Found
from kaikou.memory.owners import SHARED, is_device, speaker_in
from kaikou.memory.room import MemoryRoom
from kaikou.store.records import now

router = APIRouter(
    prefix="/api/memory", tags=["memory"], responses={404: {"model": Problem}, 422: {"model": Problem}}
)

MOST = 2_000
"""Ids in one request."""


class MemoryOut(BaseModel):
    """Something an agent remembers."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    agent_id: str
    who: str = Field(
        description="speaker:<id> where the voice is known, a device's id, browser:<id>, or browser: others."
    )
    who_name: str
    module: str = Field(description="The way to remember that it belongs to.")
    topic: str
    text: str
    conversation_id: str | None = Field(description="Where it was learned.")
    edited: bool = Field(description="A person wrote it; no module changes it.")
    score: float | None = Field(description="How near to what was searched; the scale is the model's own.")
    created_at: datetime
    updated_at: datetime


class MemoriesOut(BaseModel):
    memories: list[MemoryOut]
    total: int


class PersonOut(BaseModel):
    agent_id: str
    agent_name: str | None = Field(description="null: the agent is gone.")
    who: str
    who_name: str
    memories: int
    waiting: int = Field(description="Turns that nothing was learned from yet.")
    updated_at: datetime


class PeopleOut(BaseModel):
    people: list[PersonOut]


class ModuleOut(BaseModel):
    name: str
    title: str
    description: str
    source: Literal["builtin", "file"]
    error: str = Field(description="Why its newest version isn't in force; empty where it is.")


class ModulesOut(BaseModel):
    modules: list[ModuleOut]
    folder: str
    trouble: str = Field(description="What is wrong with the folder; empty: nothing.")
    log: list[str]


class NewMemory(BaseModel):
    model_config = ConfigDict(extra="forbid")

    agent_id: str
    who: str = SHARED
    text: str


class ChangedMemory(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: str


class Some(BaseModel):
    """Those of ``ids``, or all of an agent, of somebody, or of both."""

    model_config = ConfigDict(extra="forbid")

    ids: Annotated[list[str], Field(max_length=MOST)] | None = None
    agent_id: str | None = None
    who: str | None = None


class Erase(Some):
    """Which to throw away, or everything."""

    everything: bool = False

    @model_validator(mode="after")
    def _says_what(self) -> Erase:
        if self.ids is None and self.agent_id is None and self.who is None and not self.everything:
            raise ValueError("say what to erase: ids, agent_id, who, or everything")
        return self


class Move(Some):
    """Whose they are from now on."""

    to: str = Field(description="As `who` of a memory.")

    @model_validator(mode="after")
    def _says_what(self) -> Move:
        if self.ids is None and self.who is None:
            raise ValueError("say what to move: ids, or who")
        return self


class Moved(BaseModel):
    moved: list[str]


class Ids(BaseModel):
    model_config = ConfigDict(extra="forbid")

    ids: Annotated[list[str], Field(min_length=1, max_length=MOST)]


class Erased(BaseModel):
    deleted: list[str]
    restorable_until: datetime = Field(description="Until then POST …/restore brings them back.")


class Restored(BaseModel):
    restored: list[str]


AgentFilter = Annotated[str | None, Query(description="An agent's id; default: all.")]
WhoFilter = Annotated[str | None, Query(description="Of whom; default: everybody.")]


@router.get("")
async def list_memories(
    runtime: RuntimeDep,
    agent: AgentFilter = None,
    who: WhoFilter = None,
    q: Annotated[str | None, Query(max_length=1_000, description="What to search for.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> MemoriesOut:
    """Newest first; with ``q`` best match first."""
    library = memory_of(runtime).library
    if q is not None:
        found = await library.search(q, agent, who, limit)
        return MemoriesOut(memories=await _shown(runtime, found), total=len(found))
    found, total = await library.page(agent, who, offset, limit)
    return MemoriesOut(memories=await _shown(runtime, found), total=total)


@router.get("/people")
async def list_people(runtime: RuntimeDep) -> PeopleOut:
    """Everybody who is remembered; who was learned about last comes first."""
    rows = await memory_of(runtime).library.people()
    agents = {agent.id: agent.name for agent in await runtime.agents.all()}
    names = await _names(runtime, [row.who for row in rows])
    return PeopleOut(
        people=[
            PersonOut(
                agent_id=row.agent_id,
                agent_name=agents.get(row.agent_id),
                who=row.who,
                who_name=names[row.who],
                memories=row.memories,
                waiting=row.waiting,
                updated_at=row.updated_at,
            )
            for row in rows
        ]
    )


@router.get("/modules")
async def list_modules(runtime: RuntimeDep) -> ModulesOut:
    """The ways to remember that an agent may have, and how the operator's files do."""
    modules = memory_of(runtime).modules
    return ModulesOut(
        modules=[
            ModuleOut(
                name=one.name,
                title=one.title,
                description=one.description,
                source="builtin" if one.builtin else "file",
                error=one.error,
            )
            for one in modules.all()
        ],
        folder=str(modules.watched.folder),
        trouble=modules.watched.trouble,
        log=list(modules.watched.lines),
    )


@router.get("/export")
async def export_memories(runtime: RuntimeDep, agent: AgentFilter = None, who: WhoFilter = None) -> Response:
    """Everything that fits as a JSON file."""
    rows = await memory_of(runtime).library.all(agent, who)
    shown = [
        one.model_dump(mode="json", exclude={"score"})
        for one in await _shown(runtime, [Found(row) for row in rows])
    ]
    text = json.dumps({"exported_at": now().isoformat(), "memories": shown}, ensure_ascii=False, indent=1)
    headers = {"content-disposition": "attachment; filename=kaikou-memory.json"}
    return Response(text, media_type="application/json", headers=headers)


@router.post("", status_code=201, responses={409: {"model": Problem}})
async def add_memory(body: NewMemory, runtime: RuntimeDep) -> MemoryOut:
    """Write something in by hand."""
    await runtime.agents.get(body.agent_id)
    row = await memory_of(runtime).library.add(body.agent_id, body.who, body.text)
    return (await _shown(runtime, [Found(row)]))[0]


@router.post("/erase")
async def erase_memories(body: Erase, runtime: RuntimeDep) -> Erased:
    """Throw away many, with what waits to be learned; they can be brought back for
    ``limits.undo_seconds``."""
    gone = await memory_of(runtime).library.erase(body.ids, body.agent_id, body.who)
    return Erased(deleted=list(gone), restorable_until=_until(runtime))


@router.post("/move")
async def move_memories(body: Move, runtime: RuntimeDep) -> Moved:
    """Give memories to somebody else, such as to a browser what was told before it had an id."""
    return Moved(
        moved=list(await memory_of(runtime).library.move(body.ids, body.agent_id, body.who, body.to))
    )


@router.post("/restore")
async def restore_memories(body: Ids, runtime: RuntimeDep) -> Restored:
    """Bring back what was thrown away a moment ago."""
    return Restored(restored=list(await memory_of(runtime).library.restore(body.ids)))


@router.patch("/{memory_id}")
async def change_memory(memory_id: str, body: ChangedMemory, runtime: RuntimeDep) -> MemoryOut:
    """Correct it; from then on no module changes it."""
    row = await memory_of(runtime).library.change(memory_id, body.text)
    return (await _shown(runtime, [Found(row)]))[0]


@router.delete("/{memory_id}")
async def delete_memory(memory_id: str, runtime: RuntimeDep) -> Erased:
    """Throw one away."""
    await memory_of(runtime).library.delete(memory_id)
    return Erased(deleted=[memory_id], restorable_until=_until(runtime))


def memory_of(runtime: Runtime) -> MemoryRoom:
    if runtime.memory is None:
        raise NotReady("The server is still starting.")
    return runtime.memory


def _until(runtime: Runtime) -> datetime:
    return now() + timedelta(seconds=runtime.settings.limits.undo_seconds)


async def _shown(runtime: Runtime, found: Sequence[Found]) -> list[MemoryOut]:
    found = list(found)
    names = await _names(runtime, [one.memory.who for one in found])
    shown = []
    for one in found:
        row = one.memory
        values = {name: getattr(row, name) for name in MemoryOut.model_fields if hasattr(row, name)}
        shown.append(MemoryOut(**values, who_name=names[row.who], score=one.score))
    return shown


async def _names(runtime: Runtime, whose: Sequence[str]) -> dict[str, str]:
    """What a person calls each of ``whose``; its id where nobody named it."""
    names = {one: one for one in whose}
    if runtime.devices is not None and any(is_device(one) for one in names):
        for device in await runtime.devices.all():
            if device.id in names:
                names[device.id] = device.alias or device.id
    if runtime.speakers is not None:
        for one in names:
            if speaker := speaker_in(one):
                names[one] = await runtime.speakers.library.name_of(speaker) or one
    return names
