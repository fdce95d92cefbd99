"""A conversation's rows inside a transaction: putting them in, reading them back in order."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from kaikou.store.records import ConversationRow, ItemRow, PartRow, StageRow, TurnRow, now
from kaikou.store.tables import conversations, items, turns

TITLE_CHARS = 80

# What a live conversation writes again and again is built once: building a statement costs more
# than running it.
_HERE = items.c.conversation_id == bindparam("at_conversation")
_PLACE = select(
    select(items.c.position).where(_HERE, items.c.id == bindparam("at_id")).scalar_subquery().label("own"),
    select(items.c.position)
    .where(_HERE, items.c.id == bindparam("at_previous"))
    .scalar_subquery()
    .label("before"),
    select(func.max(items.c.position)).where(_HERE).scalar_subquery().label("last"),
)
_ADD = insert(items)
_CHANGE = update(items).where(_HERE, items.c.id == bindparam("at_id"))
_NAME = update(conversations).where(conversations.c.id == bindparam("at_id"), conversations.c.title == "")
_TURN_ADD = insert(turns)
_TURN_CHANGE = update(turns).where(
    turns.c.conversation_id == bindparam("at_conversation"), turns.c.id == bindparam("at_id")
)
_TOUCH = update(conversations).where(conversations.c.id == bindparam("at_id"))


def folded(text: str) -> str:
    """Text as it is compared in a search: width, compatibility forms and case don't count."""
    return unicodedata.normalize("NFKC", text).casefold()


# --- conversations ---------------------------------------------------------------------------


async def put_conversation(connection: AsyncConnection, row: ConversationRow) -> None:
    """A new conversation, or one that is taken up again (its title and beginning stay)."""
    found = await connection.scalar(select(conversations.c.id).where(conversations.c.id == row.id))
    values = {"agent_id": row.agent_id, "surface": row.surface, "config": dict(row.config)}
    if found is not None:
        reopened = {**values, "closed_at": None, "updated_at": now()}
        await connection.execute(update(conversations).where(conversations.c.id == row.id).values(reopened))
        return
    await connection.execute(
        insert(conversations).values(
            id=row.id,
            title=row.title,
            search=folded(row.title),
            created_at=row.created_at,
            updated_at=row.updated_at,
            closed_at=row.closed_at,
            **values,
        )
    )


async def close_conversation(connection: AsyncConnection, conversation_id: str) -> None:
    await connection.execute(
        update(conversations).where(conversations.c.id == conversation_id).values(closed_at=now())
    )


async def touch(connection: AsyncConnection, conversation_ids: Iterable[str]) -> None:
    """These conversations changed just now."""
    moment = now()
    rows = [{"at_id": one, "updated_at": moment} for one in conversation_ids]
    if rows:
        await connection.execute(_TOUCH, rows)


async def set_title(connection: AsyncConnection, conversation_id: str, title: str) -> bool:
    """Name a conversation; False if there is none."""
    values = {"title": title, "search": folded(title)}
    done = await connection.execute(
        update(conversations).where(conversations.c.id == conversation_id).values(values)
    )
    return bool(done.rowcount)


_MARKS = re.compile(r"^\s*(#{1,6}|>|[-*+])\s+|\*{2,3}|```\w*|`", re.MULTILINE)
"""Markdown that people write with and nobody wants in a name."""


async def _title_from(connection: AsyncConnection, conversation_id: str, row: ItemRow) -> None:
    """The first words of the user name a conversation that has no name."""
    title = " ".join(_MARKS.sub(" ", row.text).split())
    if row.role != "user" or not title:
        return
    if len(title) > TITLE_CHARS:
        title = title[: TITLE_CHARS - 1].rstrip() + "…"
    await connection.execute(_NAME, {"at_id": conversation_id, "title": title, "search": folded(title)})


# --- items -----------------------------------------------------------------------------------


async def put_item(
    connection: AsyncConnection, conversation_id: str, row: ItemRow, previous_id: str | None
) -> None:
    """Insert an item after ``previous_id`` (None: first; unknown: last), or replace the one of
    the same id where it stands."""
    at = {"at_conversation": conversation_id, "at_id": row.id}
    found = (await connection.execute(_PLACE, {**at, "at_previous": previous_id})).one()
    values = _item_values(row)
    if found.own is not None:
        await connection.execute(_CHANGE, {**at, **values})
    else:
        last = -1 if found.last is None else found.last
        before = -1 if previous_id is None else found.before
        position = last + 1 if before is None else before + 1
        if position <= last:
            later = update(items).where(_HERE, items.c.position >= position)
            later = later.values(position=items.c.position + 1)
            await connection.execute(later, {"at_conversation": conversation_id})
        place = {"conversation_id": conversation_id, "id": row.id, "position": position}
        await connection.execute(_ADD, {**place, "created_at": row.created_at, **values})
    await _title_from(connection, conversation_id, row)


async def update_item(connection: AsyncConnection, conversation_id: str, row: ItemRow) -> bool:
    """Replace an item's text and state where it stands; False if there is none."""
    at = {"at_conversation": conversation_id, "at_id": row.id}
    done = await connection.execute(_CHANGE, {**at, **_item_values(row)})
    if done.rowcount:
        await _title_from(connection, conversation_id, row)
    return bool(done.rowcount)


async def delete_item(connection: AsyncConnection, conversation_id: str, item_id: str) -> str | None:
    """Remove an item; returns the hash of its recording, which may now be unreferenced."""
    one = (items.c.conversation_id == conversation_id) & (items.c.id == item_id)
    audio = await connection.scalar(select(items.c.audio).where(one))
    await connection.execute(delete(items).where(one))
    return audio


async def set_audio(
    connection: AsyncConnection,
    conversation_id: str,
    item_id: str,
    *,
    digest: str,
    media_type: str,
    seconds: float | None,
) -> str | None:
    """Attach a recording that is named in ``blobs``; returns the hash it replaced."""
    one = (items.c.conversation_id == conversation_id) & (items.c.id == item_id)
    before = await connection.scalar(select(items.c.audio).where(one))
    values = {"audio": digest, "audio_type": media_type, "audio_seconds": seconds}
    await connection.execute(update(items).where(one).values(values))
    return before


async def items_of(connection: AsyncConnection, conversation_id: str) -> tuple[ItemRow, ...]:
    query = select(items).where(items.c.conversation_id == conversation_id).order_by(items.c.position)
    return tuple(item_row(row) for row in (await connection.execute(query)).mappings())


def item_row(row: RowMapping) -> ItemRow:
    return ItemRow(
        id=row["id"],
        kind=row["kind"],
        role=row["role"],
        parts=tuple(PartRow(**part) for part in row["parts"]),
        status=row["status"],
        call_id=row["call_id"],
        name=row["name"],
        arguments=row["arguments"],
        output=row["output"],
        created_at=row["created_at"],
        audio=row["audio"],
        audio_type=row["audio_type"],
        audio_seconds=row["audio_seconds"],
    )


def _item_values(row: ItemRow) -> dict[str, Any]:
    """What an item's text and state say; its recording is set apart (``set_audio``)."""
    return {
        "kind": row.kind,
        "role": row.role,
        "parts": [asdict(part) for part in row.parts],
        "search": folded(row.text),
        "status": row.status,
        "call_id": row.call_id,
        "name": row.name,
        "arguments": row.arguments,
        "output": row.output,
    }


# --- turns -----------------------------------------------------------------------------------


async def put_turn(connection: AsyncConnection, conversation_id: str, row: TurnRow) -> None:
    """A turn with its waterfall; one of the same id is replaced."""
    values: Mapping[str, Any] = {
        "reply_id": row.reply_id,
        "user_item_id": row.user_item_id,
        "reply_item_id": row.reply_item_id,
        "status": row.status,
        "stages": [asdict(stage) for stage in row.stages],
        "total": row.total,
        "speculations": row.speculations,
        "engines": dict(row.engines),
        "error": row.error,
    }
    at = {"at_conversation": conversation_id, "at_id": row.id}
    replaced = await connection.execute(_TURN_CHANGE, {**at, **values})
    if not replaced.rowcount:
        place = {"conversation_id": conversation_id, "id": row.id}
        await connection.execute(_TURN_ADD, {**place, "created_at": row.created_at, **values})


async def turns_of(connection: AsyncConnection, conversation_id: str) -> tuple[TurnRow, ...]:
    query = select(turns).where(turns.c.conversation_id == conversation_id)
    found = (await connection.execute(query.order_by(turns.c.created_at, turns.c.id))).mappings()
    return tuple(turn_row(row) for row in found)


def turn_row(row: RowMapping) -> TurnRow:
    return TurnRow(
        id=row["id"],
        reply_id=row["reply_id"],
        user_item_id=row["user_item_id"],
        reply_item_id=row["reply_item_id"],
        status=row["status"],
        stages=tuple(StageRow(**stage) for stage in row["stages"]),
        total=row["total"],
        speculations=row["speculations"],
        engines=row["engines"],
        error=row["error"],
        created_at=row["created_at"],
    )
