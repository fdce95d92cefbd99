"""``/api/intent``: what decides about tools, and how the operator's own files for it do."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from kaikou.api.runtime import RuntimeDep
from kaikou.errors import NotReady
from kaikou.intent.modules import BUILTIN

router = APIRouter(prefix="/api/intent", tags=["tools"])


class IntentOut(BaseModel):
    name: str
    source: Literal["builtin", "file"]
    error: str = Field(description="Why its newest version isn't in force; empty where it is.")


class IntentsOut(BaseModel):
    chosen: str = Field(description="The setting tools.intent.")
    modules: list[IntentOut]
    folder: str
    trouble: str = Field(description="What is wrong with the folder; empty: nothing.")
    log: list[str]


@router.get("")
async def list_intents(runtime: RuntimeDep) -> IntentsOut:
    """The built-in ones first, then files by name."""
    if runtime.intents is None:
        raise NotReady("The server is still starting.")
    watched = runtime.intents.watched
    own = [IntentOut(name=name, source="builtin", error="") for name in BUILTIN]
    files = [
        IntentOut(name=name, source="file", error=file.error)
        for name, file in watched.files.items()
        if name not in BUILTIN
    ]
    return IntentsOut(
        chosen=runtime.settings.tools.intent,
        modules=[*own, *files],
        folder=str(watched.folder),
        trouble=watched.trouble,
        log=list(watched.lines),
    )
