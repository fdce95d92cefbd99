"""A conversation's rows inside a transaction: putting them in, reading them back in order."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
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
_PLACES = select(items.c.conversation_id, items.c.id, items.c.position).where(
    items.c.conversation_id.in_(bindparam("conversations", expanding=True)),
    items.c.id.in_(bindparam("ids", expanding=True)),
)
_LASTS = (
    select(items.c.conversation_id, func.max(items.c.position))
    .where(items.c.conversation_id.in_(bindparam("conversations", expanding=True)))
    .group_by(items.c.conversation_id)
)
_ADD = insert(items)
_CHANGE = update(items).where(_HERE, items.c.id == bindparam("at_id"))
_NAME = update(conversations).where(conversations.c.id == bindparam("at_id"), conversations.c.title == "")
_MOVE = update(items).where(_HERE, items.c.position >= bindparam("at_position"))
_MOVE = _MOVE.values(position=items.c.position + 1)
_TURNS = select(turns.c.conversation_id, turns.c.id).where(
    turns.c.conversation_id.in_(bindparam("conversations", expanding=True)),
    turns.c.id.in_(bindparam("ids", expanding=True)),
)
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


def _title(row: ItemRow) -> str:
    """The first words of the user, which name a conversation that has no name; empty: not these."""
    title = " ".join(_MARKS.sub(" ", row.text).split()) if row.role == "user" else ""
    return title if len(title) <= TITLE_CHARS else title[: TITLE_CHARS - 1].rstrip() + "…"


# --- items -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ItemWrite:
    """An item to insert after ``previous_id`` (None: first; unknown: last), or to replace where one of its
    id stands; with ``there`` only the latter."""

    conversation_id: str
    row: ItemRow
    previous_id: str | None = None
    there: bool = False


async def put_items(connection: AsyncConnection, writes: Sequence[ItemWrite]) -> None:
    """Write items of any conversations, one after the other, no id of a conversation twice. A few
    statements for all: each costs more than the rows in it."""
    if not writes:
        return
    places = await _Places.of(connection, writes)
    added: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    titles: dict[str, str] = {}
    for write in writes:
        row, values = write.row, _item_values(write.row)
        if places.has(write.conversation_id, row.id):
            changed.append({"at_conversation": write.conversation_id, "at_id": row.id, **values})
        elif write.there:
            continue
        else:
            position, moves = places.add(write.conversation_id, row.id, write.previous_id)
            if moves:
                if added:
                    await connection.execute(_ADD, added)
                    added = []
                at = {"at_conversation": write.conversation_id, "at_position": position}
                await connection.execute(_MOVE, at)
            place = {"conversation_id": write.conversation_id, "id": row.id, "position": position}
            added.append({**place, "created_at": row.created_at, **values})
        if title := _title(row):
            titles.setdefault(write.conversation_id, title)
    if added:
        await connection.execute(_ADD, added)
    if changed:
        await connection.execute(_CHANGE, changed)
    if titles:
        named = [{"at_id": one, "title": title, "search": folded(title)} for one, title in titles.items()]
        await connection.execute(_NAME, named)


class _Places:
    """Where items stand: of those that are looked for, and the last of each conversation."""

    def __init__(self, found: Mapping[tuple[str, str], int], lasts: Mapping[str, int]) -> None:
        self._positions: dict[str, dict[str, int]] = defaultdict(dict)
        for (conversation_id, item_id), position in found.items():
            self._positions[conversation_id][item_id] = position
        self._lasts = dict(lasts)

    @classmethod
    async def of(cls, connection: AsyncConnection, writes: Sequence[ItemWrite]) -> _Places:
        here = list({write.conversation_id for write in writes})
        ids = {write.row.id for write in writes}
        ids |= {write.previous_id for write in writes if write.previous_id is not None}
        found = (await connection.execute(_PLACES, {"conversations": here, "ids": list(ids)})).all()
        lasts = (await connection.execute(_LASTS, {"conversations": here})).all()
        return cls({(row[0], row[1]): row[2] for row in found}, {row[0]: row[1] for row in lasts})

    def has(self, conversation_id: str, item_id: str) -> bool:
        return item_id in self._positions[conversation_id]

    def add(self, conversation_id: str, item_id: str, previous_id: str | None) -> tuple[int, bool]:
        """The position of a new item, and whether those from there on move up for it."""
        positions, last = self._positions[conversation_id], self._lasts.get(conversation_id, -1)
        position = 0 if previous_id is None else positions.get(previous_id, last) + 1
        moves = position <= last
        if moves:
            for other, place in positions.items():
                if place >= position:
                    positions[other] = place + 1
        positions[item_id] = position
        self._lasts[conversation_id] = last + 1
        return position, moves


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


async def put_turns(connection: AsyncConnection, written: Sequence[tuple[str, TurnRow]]) -> None:
    """Turns with their waterfalls, each with its conversation's id; one of the same id is replaced, but for
    when it was made."""
    if not written:
        return
    latest: dict[tuple[str, str], TurnRow] = {}
    for conversation_id, row in written:
        first = latest.get((conversation_id, row.id), row)
        latest[conversation_id, row.id] = replace(row, created_at=first.created_at)
    asked = {"conversations": [one for one, _ in latest], "ids": [one for _, one in latest]}
    there = {(row[0], row[1]) for row in (await connection.execute(_TURNS, asked)).all()}
    added, changed = [], []
    for (conversation_id, turn_id), row in latest.items():
        values = _turn_values(row)
        if (conversation_id, turn_id) in there:
            changed.append({"at_conversation": conversation_id, "at_id": turn_id, **values})
        else:
            place = {"conversation_id": conversation_id, "id": turn_id, "created_at": row.created_at}
            added.append({**place, **values})
    if added:
        await connection.execute(_TURN_ADD, added)
    if changed:
        await connection.execute(_TURN_CHANGE, changed)


def _turn_values(row: TurnRow) -> dict[str, Any]:
    return {
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
