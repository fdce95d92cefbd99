"""``/api/conversations``: what was said, kept: list, search, read, rename, export.

Throwing away and bringing back is ``deletion.py``."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.background import BackgroundTask
from starlette.responses import FileResponse

from kaikou.api.problems import Problem
from kaikou.api.runtime import Runtime, RuntimeDep
from kaikou.store.blobs import Blobs
from kaikou.store.export import as_json, as_markdown, as_text, write_recordings
from kaikou.store.records import ConversationRow, StoredConversation

if TYPE_CHECKING:
    from kaikou.dialogue.sessions.register import Session

router = APIRouter(prefix="/api/conversations", tags=["conversations"], responses={404: {"model": Problem}})

Limit = Annotated[int, Query(ge=1, le=200)]


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class ConversationOut(_Out):
    id: str
    title: str
    agent_id: str | None
    surface: str = Field(description="How it was held: realtime, chat …")
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    item_count: int
    turn_count: int = Field(description="Messages of the user.")
    duration: float = Field(description="Seconds from the first item to the last.")
    live: bool = Field(False, description="It is being held now.")


class PartOut(_Out):
    kind: Literal["text", "audio", "image"]
    text: str | None
    url: str | None


class ItemOut(_Out):
    id: str
    kind: str
    role: str | None
    text: str
    parts: list[PartOut]
    status: str
    call_id: str | None
    name: str | None
    arguments: str | None
    output: str | None
    created_at: datetime
    audio_type: str | None
    audio_seconds: float | None = Field(description="Length of the recording, where one is kept.")


class StageOut(_Out):
    """One step of the waterfall, in seconds since the end of speech."""

    name: str
    start: float
    end: float
    queued: float = Field(description="Seconds of it spent waiting for the processor.")


class TurnOut(_Out):
    id: str
    reply_id: str
    user_item_id: str | None
    reply_item_id: str | None
    status: str
    stages: list[StageOut]
    total: float | None = Field(description="Seconds from the end of speech to the first reply audio.")
    speculations: int
    engines: dict[str, str]
    error: str
    created_at: datetime


class WholeConversation(ConversationOut):
    config: dict[str, Any]
    items: list[ItemOut]
    turns: list[TurnOut]


class ConversationPage(BaseModel):
    conversations: list[ConversationOut]
    next: str | None = Field(description="The cursor of the next page; null at the end.")


class HitOut(_Out):
    conversation: ConversationOut
    item_id: str | None
    role: str | None
    snippet: str


class SearchPage(BaseModel):
    hits: list[HitOut]
    next: str | None


class TurnList(BaseModel):
    turns: list[TurnOut]


class Rename(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str


@router.get("")
async def list_conversations(
    runtime: RuntimeDep,
    limit: Limit = 50,
    cursor: str | None = None,
    agent_id: str | None = None,
    device_id: Annotated[str | None, Query(description="Only those held on this device.")] = None,
) -> ConversationPage:
    """Most recently changed first."""
    page = await runtime.conversations.page(
        limit=limit, cursor=cursor, agent_id=agent_id, device_id=device_id
    )
    found = [shown(runtime, row) for row in page.conversations]
    return ConversationPage(conversations=found, next=page.next)


@router.get("/search")
async def search_conversations(
    runtime: RuntimeDep,
    q: Annotated[str, Query(max_length=200)],
    limit: Limit = 50,
    cursor: str | None = None,
) -> SearchPage:
    """Conversations whose title or words hold every word of ``q``; Chinese needs no spaces."""
    hits, following = await runtime.conversations.search(q, limit=limit, cursor=cursor)
    found = [
        HitOut(
            conversation=shown(runtime, hit.conversation),
            item_id=hit.item_id,
            role=hit.role,
            snippet=hit.snippet,
        )
        for hit in hits
    ]
    return SearchPage(hits=found, next=following)


@router.get("/{conversation_id}")
async def get_conversation(conversation_id: str, runtime: RuntimeDep) -> WholeConversation:
    """The whole conversation, up to what was just said if it is live."""
    stored = await runtime.journal.load(conversation_id)
    about = shown(runtime, stored.conversation)
    return WholeConversation(
        **about.model_dump(),
        config=dict(stored.conversation.config),
        items=[ItemOut.model_validate(item) for item in stored.items],
        turns=_turns(stored),
    )


@router.get("/{conversation_id}/turns")
async def get_turns(conversation_id: str, runtime: RuntimeDep) -> TurnList:
    """Each turn's latency waterfall."""
    return TurnList(turns=_turns(await runtime.journal.load(conversation_id)))


@router.get("/{conversation_id}/items/{item_id}/audio", response_class=Response)
async def get_audio(conversation_id: str, item_id: str, runtime: RuntimeDep) -> Response:
    """An item's recording, where recordings are kept (``live.store_audio``)."""
    data, media_type = await runtime.conversations.audio(conversation_id, item_id)
    headers = {"cache-control": "private, max-age=31536000, immutable"}
    return Response(data, media_type=media_type, headers=headers)


@router.get("/{conversation_id}/export", response_class=Response)
async def export_conversation(
    conversation_id: str,
    runtime: RuntimeDep,
    format: Literal["json", "markdown", "txt", "audio"] = "json",
) -> Response:
    """A file to keep; ``audio`` is a zip archive of the recordings and the text."""
    stored = await runtime.journal.load(conversation_id)
    name = "".join(c for c in conversation_id if c.isascii() and (c.isalnum() or c in "-_")) or "conversation"
    if format == "audio":
        return await _recordings(runtime, stored, f"{name}.zip")
    write, media_type, suffix = _FORMATS[format]
    headers = {"content-disposition": f'attachment; filename="{name}.{suffix}"'}
    return Response(write(stored).encode(), media_type=media_type, headers=headers)


_FORMATS: dict[str, tuple[Callable[[StoredConversation], str], str, str]] = {
    "json": (as_json, "application/json", "json"),
    "markdown": (as_markdown, "text/markdown; charset=utf-8", "md"),
    "txt": (as_text, "text/plain; charset=utf-8", "txt"),
}


async def _recordings(runtime: Runtime, stored: StoredConversation, name: str) -> Response:
    """The archive is made in a temporary file: recordings may be larger than memory should be."""
    path = await asyncio.to_thread(_archive, stored, runtime.conversations.blobs)
    return FileResponse(
        path, media_type="application/zip", filename=name, background=BackgroundTask(path.unlink)
    )


def _archive(stored: StoredConversation, blobs: Blobs) -> Path:
    with tempfile.NamedTemporaryFile(prefix="kaikou-", suffix=".zip", delete=False) as file:
        path = Path(file.name)
        try:
            write_recordings(stored, blobs, file)
        except BaseException:
            path.unlink()
            raise
    return path


@router.patch("/{conversation_id}", responses={422: {"model": Problem}})
async def rename_conversation(conversation_id: str, body: Rename, runtime: RuntimeDep) -> ConversationOut:
    found = await runtime.conversations.rename(conversation_id, body.title)
    runtime.feed.publish("conversations", id=conversation_id, change="renamed")
    return shown(runtime, found)


def shown(runtime: Runtime, row: ConversationRow) -> ConversationOut:
    """A conversation as the list shows it."""
    found = ConversationOut.model_validate(row)
    found.live = live_session(runtime, row.id) is not None
    return found


def live_session(runtime: Runtime, conversation_id: str) -> Session | None:
    """The session that holds this conversation now, if one does."""
    live = runtime.live
    held = live.sessions if live is not None else ()
    return next((one for one in held if one.conversation.id == conversation_id), None)


def _turns(stored: StoredConversation) -> list[TurnOut]:
    return [TurnOut.model_validate(turn) for turn in stored.turns]
