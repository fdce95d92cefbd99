"""Stored conversations: list, search, read, rename, delete, bring back."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, or_, select, tuple_, update
from sqlalchemy.engine import RowMapping

from kaikou.errors import InvalidInput, NotFound
from kaikou.store import blobs as blob_rows
from kaikou.store import history
from kaikou.store.blobs import Blobs
from kaikou.store.database import Database
from kaikou.store.records import ConversationRow, ItemRow, Page, SearchHit, StoredConversation, now
from kaikou.store.tables import conversations, items

MAX_PAGE = 200
MAX_TITLE = 200
_SNIPPET = 60
_PURGED_AT_ONCE = 100


class ConversationRepository:
    """What may be done with conversations that are not (or no longer) live."""

    def __init__(self, database: Database, blobs: Blobs) -> None:
        self.database = database
        self.blobs = blobs

    async def page(
        self,
        *,
        limit: int = 50,
        cursor: str | None = None,
        agent_id: str | None = None,
        device_id: str | None = None,
    ) -> Page:
        """Most recently changed first. ``cursor`` is a page's ``next``."""
        query = _counted()
        if device_id is not None:
            query = query.where(conversations.c.config["device_id"].as_string() == device_id)
        if agent_id is not None:
            query = query.where(conversations.c.agent_id == agent_id)
        rows = await self._page(query, limit, cursor)
        return Page(tuple(rows[:limit]), _cursor(rows[limit - 1]) if len(rows) > limit else None)

    async def search(
        self, text: str, *, limit: int = 50, cursor: str | None = None
    ) -> tuple[tuple[SearchHit, ...], str | None]:
        """Conversations whose title, or one of whose items, holds every word of ``text``; with
        the first such item and a snippet of it, and the cursor of the next page. Words are parts
        of the text, so Chinese needs no spaces; case and width don't count."""
        words = history.folded(text).split()
        if not words:
            raise InvalidInput("There is nothing to search for.", code="empty_search", param="q")
        in_item = and_(*(items.c.search.contains(word, autoescape=True) for word in words))
        in_title = and_(*(conversations.c.search.contains(word, autoescape=True) for word in words))
        in_some_item = exists().where(items.c.conversation_id == conversations.c.id, in_item)
        rows = await self._page(_counted().where(or_(in_title, in_some_item)), limit, cursor)
        shown = rows[:limit]
        first = await self._first_items([row.id for row in shown], in_item)
        hits = tuple(
            SearchHit(
                row,
                found.id if (found := first.get(row.id)) else None,
                found.role if found else None,
                snippet(found.text if found else row.title, words[0]),
            )
            for row in shown
        )
        return hits, _cursor(shown[-1]) if len(rows) > limit else None

    async def get(self, conversation_id: str) -> StoredConversation:
        """The whole conversation. NotFound ``conversation_not_found``."""
        async with self.database.read() as connection:
            query = _counted().where(conversations.c.id == conversation_id)
            row = (await connection.execute(query)).mappings().one_or_none()
            if row is None:
                raise _missing(conversation_id)
            return StoredConversation(
                _conversation(row),
                await history.items_of(connection, conversation_id),
                await history.turns_of(connection, conversation_id),
            )

    async def rename(self, conversation_id: str, title: str) -> ConversationRow:
        """Give it a title. Errors: ``conversation_not_found``, ``invalid_title``."""
        title = " ".join(title.split())
        if not title or len(title) > MAX_TITLE:
            raise InvalidInput(
                f"A title has 1 to {MAX_TITLE} characters.", code="invalid_title", param="title"
            )
        async with self.database.write() as connection:
            await history.set_title(connection, conversation_id, title)
            query = _counted().where(conversations.c.id == conversation_id)
            row = (await connection.execute(query)).mappings().one_or_none()
            if row is None:
                raise _missing(conversation_id)
            return _conversation(row)

    async def delete(self, conversation_ids: Collection[str]) -> tuple[str, ...]:
        """Throw conversations away: nobody sees them any more, and ``restore`` brings them back until
        they are purged. Returns those that were there."""
        return await self._mark(conversation_ids, deleted=True)

    async def restore(self, conversation_ids: Collection[str]) -> tuple[str, ...]:
        """Bring back what was thrown away and is not purged yet; returns those that it was so with."""
        return await self._mark(conversation_ids, deleted=False)

    async def purge(self, before: datetime) -> tuple[str, ...]:
        """Delete for good what was thrown away before that moment, with its items, turns, and the
        recordings nothing else refers to. Returns the ids."""
        gone: list[str] = []
        while True:
            async with self.blobs.lock:
                async with self.database.write() as connection:
                    query = select(conversations.c.id).where(conversations.c.deleted_at < before)
                    ids = list((await connection.execute(query.limit(_PURGED_AT_ONCE))).scalars())
                    recorded = select(items.c.audio).distinct()
                    recorded = recorded.where(items.c.conversation_id.in_(ids), items.c.audio.is_not(None))
                    digests = set((await connection.execute(recorded)).scalars())
                    await connection.execute(delete(conversations).where(conversations.c.id.in_(ids)))
                    files = await blob_rows.drop_unreferenced(connection, digests)
                await self.blobs.remove(files)
            gone += ids
            if len(ids) < _PURGED_AT_ONCE:
                return tuple(gone)

    async def delete_item(self, conversation_id: str, item_id: str) -> None:
        """Delete one item with its recording. NotFound ``conversation_not_found``, ``item_not_found``."""
        async with self.blobs.lock:
            async with self.database.write() as connection:
                here = (conversations.c.id == conversation_id) & conversations.c.deleted_at.is_(None)
                if await connection.scalar(select(conversations.c.id).where(here)) is None:
                    raise _missing(conversation_id)
                one = (items.c.conversation_id == conversation_id) & (items.c.id == item_id)
                if await connection.scalar(select(items.c.id).where(one)) is None:
                    raise NotFound(
                        f"There is no item {item_id[:60]!r}.", code="item_not_found", param="item_id"
                    )
                audio = await history.delete_item(connection, conversation_id, item_id)
                await history.touch(connection, [conversation_id])
                files = await blob_rows.drop_unreferenced(connection, {audio} if audio else set())
            await self.blobs.remove(files)

    async def audio(self, conversation_id: str, item_id: str) -> tuple[bytes, str]:
        """An item's recording and its media type. NotFound ``audio_not_found``."""
        async with self.database.read() as connection:
            query = select(items.c.audio, items.c.audio_type).join(conversations)
            query = query.where(conversations.c.deleted_at.is_(None))
            query = query.where(items.c.conversation_id == conversation_id, items.c.id == item_id)
            row = (await connection.execute(query)).one_or_none()
        if row is None or row.audio is None:
            raise NotFound("There is no recording of this item.", code="audio_not_found")
        return await self.blobs.read(row.audio), row.audio_type

    async def _mark(self, conversation_ids: Collection[str], *, deleted: bool) -> tuple[str, ...]:
        column = conversations.c.deleted_at
        asked = conversations.c.id.in_(list(conversation_ids))
        query = select(conversations.c.id).where(asked, column.is_(None) if deleted else column.is_not(None))
        async with self.database.write() as connection:
            found = tuple((await connection.execute(query)).scalars())
            change = update(conversations).where(conversations.c.id.in_(found))
            await connection.execute(change.values(deleted_at=now() if deleted else None))
        return found

    async def _page(self, query: Select[Any], limit: int, cursor: str | None) -> Sequence[ConversationRow]:
        """One row more than ``limit`` where there are more."""
        if not 1 <= limit <= MAX_PAGE:
            raise InvalidInput(f"limit is 1 to {MAX_PAGE}.", code="invalid_limit", param="limit")
        if cursor is not None:
            here = tuple_(conversations.c.updated_at, conversations.c.id)
            query = query.where(here < _position(cursor))
        query = query.order_by(conversations.c.updated_at.desc(), conversations.c.id.desc()).limit(limit + 1)
        async with self.database.read() as connection:
            return [_conversation(row) for row in (await connection.execute(query)).mappings()]

    async def _first_items(self, ids: Sequence[str], condition: ColumnElement[bool]) -> dict[str, ItemRow]:
        first = (
            select(items.c.conversation_id, func.min(items.c.position).label("position"))
            .where(items.c.conversation_id.in_(ids), condition)
            .group_by(items.c.conversation_id)
            .subquery()
        )
        same = (items.c.conversation_id == first.c.conversation_id) & (items.c.position == first.c.position)
        async with self.database.read() as connection:
            found = (await connection.execute(select(items).join(first, same))).mappings()
            return {row["conversation_id"]: history.item_row(row) for row in found}


def snippet(text: str, word: str) -> str:
    """The part of ``text`` around a folded ``word``, with … where something was left out."""
    pieces = [history.folded(character) for character in text]
    at = "".join(pieces).find(word)
    start, length = 0, 0
    for index, piece in enumerate(pieces):
        if length > max(at, 0):
            break
        start, length = index, length + len(piece)
    first, last = max(0, start - _SNIPPET), start + len(word) + _SNIPPET
    return ("…" if first else "") + text[first:last].strip() + ("…" if last < len(text) else "")


def _counted() -> Select[Any]:
    """Conversations that were not thrown away, with what their items say of them."""
    here = items.c.conversation_id == conversations.c.id
    spoken = (items.c.kind == "message") & (items.c.role == "user")
    return select(
        conversations,
        select(func.count()).where(here).scalar_subquery().label("item_count"),
        select(func.count()).where(here, spoken).scalar_subquery().label("turn_count"),
        select(func.min(items.c.created_at)).where(here).scalar_subquery().label("first_at"),
        select(func.max(items.c.created_at)).where(here).scalar_subquery().label("last_at"),
    ).where(conversations.c.deleted_at.is_(None))


def _conversation(row: RowMapping) -> ConversationRow:
    first, last = row["first_at"], row["last_at"]
    return ConversationRow(
        id=row["id"],
        title=row["title"],
        agent_id=row["agent_id"],
        surface=row["surface"],
        config=row["config"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        closed_at=row["closed_at"],
        item_count=row["item_count"],
        turn_count=row["turn_count"],
        duration=(last - first).total_seconds() if first and last else 0.0,
    )


def _cursor(row: ConversationRow) -> str:
    return base64.urlsafe_b64encode(json.dumps([row.updated_at.isoformat(), row.id]).encode()).decode()


def _position(cursor: str) -> tuple[datetime, str]:
    try:
        moment, identifier = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        parsed = datetime.fromisoformat(moment)
        if parsed.tzinfo is None or not isinstance(identifier, str):
            raise ValueError(cursor)
    except (binascii.Error, ValueError, TypeError):
        raise InvalidInput(
            "The cursor is not one that this list gave.", code="invalid_cursor", param="cursor"
        ) from None
    return parsed, identifier


def _missing(conversation_id: str) -> NotFound:
    return NotFound(f"There is no conversation {conversation_id!r}.", code="conversation_not_found")
