"""``/api/conversations``: throwing away, for good after a while, and bringing back until then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from kaikou.api.conversations import ConversationOut, live_session, shown
from kaikou.api.problems import Problem
from kaikou.api.runtime import Runtime, RuntimeDep
from kaikou.errors import InvalidInput, KaikouError, NotFound
from kaikou.store.records import now

router = APIRouter(prefix="/api/conversations", tags=["conversations"], responses={404: {"model": Problem}})

MOST = 500
"""Conversations in one request."""


class Ids(BaseModel):
    model_config = ConfigDict(extra="forbid")

    ids: Annotated[list[str], Field(min_length=1, max_length=MOST)]


class Skipped(BaseModel):
    """One that was left as it is, and why."""

    id: str
    code: str
    message: str


class Deleted(BaseModel):
    deleted: list[str]
    skipped: list[Skipped]
    restorable_until: datetime = Field(description="Until then POST …/restore brings them back.")


class Restored(BaseModel):
    restored: list[str]
    skipped: list[Skipped]


@router.delete("/{conversation_id}", responses={409: {"model": Problem}})
async def delete_conversation(conversation_id: str, runtime: RuntimeDep) -> Deleted:
    """Throw it away, with its recordings; it can be brought back for ``limits.undo_seconds``. A call
    has to be ended first; a text chat is closed."""
    await _let_go(runtime, conversation_id)
    done = await _delete(runtime, [conversation_id])
    if not done.deleted:
        raise _missing(conversation_id)
    return done


@router.post("/delete")
async def delete_conversations(body: Ids, runtime: RuntimeDep) -> Deleted:
    """Throw many away; those that can't be are listed as skipped."""
    free, skipped = [], []
    for one in dict.fromkeys(body.ids):
        try:
            await _let_go(runtime, one)
        except KaikouError as error:
            skipped.append(_skipped(one, error))
        else:
            free.append(one)
    done = await _delete(runtime, free)
    missing = [one for one in free if one not in done.deleted]
    done.skipped = [*skipped, *(_skipped(one, _missing(one)) for one in missing)]
    return done


@router.post("/restore")
async def restore_conversations(body: Ids, runtime: RuntimeDep) -> Restored:
    """Bring back what was thrown away a moment ago."""
    found = await _restore(runtime, body.ids)
    missing = [one for one in dict.fromkeys(body.ids) if one not in found]
    return Restored(restored=list(found), skipped=[_skipped(one, _missing(one)) for one in missing])


@router.post("/{conversation_id}/restore")
async def restore_conversation(conversation_id: str, runtime: RuntimeDep) -> ConversationOut:
    """Bring back one. 404 once it is deleted for good."""
    if not await _restore(runtime, [conversation_id]):
        raise _missing(conversation_id)
    return shown(runtime, (await runtime.conversations.get(conversation_id)).conversation)


@router.delete("/{conversation_id}/items/{item_id}", status_code=204, responses={409: {"model": Problem}})
async def delete_item(conversation_id: str, item_id: str, runtime: RuntimeDep) -> None:
    """Delete one message for good, with its recording."""
    session = live_session(runtime, conversation_id)
    if session is not None and session.surface != "chat":
        raise _in_use()
    if session is not None:
        session.conversation.delete_item(item_id)
        await runtime.journal.flush()
        return
    await runtime.journal.flush()
    await runtime.conversations.delete_item(conversation_id, item_id)
    runtime.feed.publish("conversations", id=conversation_id, change="updated")


async def _let_go(runtime: Runtime, conversation_id: str) -> None:
    """End a text chat, or a call whose client is gone. InvalidInput ``conversation_in_use`` in a call."""
    session = live_session(runtime, conversation_id)
    if session is None:
        return
    if session.surface != "chat" and session.detached is None:
        raise _in_use()
    await session.conversation.close("deleted")


async def _delete(runtime: Runtime, ids: Sequence[str]) -> Deleted:
    await runtime.journal.flush()
    gone = await runtime.conversations.delete(ids)
    if runtime.memory is not None:
        await runtime.memory.forget_conversations(gone)
    for one in gone:
        runtime.feed.publish("conversations", id=one, change="deleted")
    until = now() + timedelta(seconds=runtime.settings.limits.undo_seconds)
    return Deleted(deleted=[one for one in ids if one in gone], skipped=[], restorable_until=until)


async def _restore(runtime: Runtime, ids: Sequence[str]) -> tuple[str, ...]:
    found = await runtime.conversations.restore(ids)
    for one in found:
        runtime.feed.publish("conversations", id=one, change="restored")
    return found


def _skipped(conversation_id: str, error: KaikouError) -> Skipped:
    return Skipped(id=conversation_id, code=error.code, message=str(error))


def _in_use() -> InvalidInput:
    return InvalidInput(
        "This conversation is being held right now.",
        code="conversation_in_use",
        hint="End the call first.",
        status=409,
    )


def _missing(conversation_id: str) -> NotFound:
    return NotFound(f"There is no conversation {conversation_id!r}.", code="conversation_not_found")
