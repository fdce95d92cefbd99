"""Writes a live conversation into the store, by watching its events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from kaikou.dialogue.events import (
    Event,
    ItemAdded,
    ItemDeleted,
    ItemDone,
    ItemTruncated,
    Metrics,
    ReplyDone,
    ReplyStarted,
    TranscriptFailed,
    TranscriptFinal,
)
from kaikou.dialogue.items import AudioPart, ImagePart, Item, Part, TextPart
from kaikou.dialogue.session import SessionConfig
from kaikou.store.journal import Journal
from kaikou.store.records import ConversationRow, ItemRow, PartRow, StageRow, StoredConversation, TurnRow

if TYPE_CHECKING:
    from kaikou.dialogue.conversation import Conversation


class Keeper:
    """One conversation's scribe. ``store_audio`` keeps the user's recordings too.

    A device's new conversation is stored with its first item: one that connects and says nothing leaves
    none behind. Others are stored at once, for a page that comes back to them.
    """

    def __init__(self, journal: Journal, *, store_audio: bool) -> None:
        self._journal = journal
        self._store_audio = store_audio
        self._conversation: Conversation | None = None
        self._known: set[str] = set()
        self._unopened: ConversationRow | None = None
        """A conversation of which nothing is to be stored yet."""
        self._last_user: str | None = None
        self._asked_by: dict[str, str | None] = {}
        """The user's item that each reply under way answers."""
        self._done: ReplyDone | None = None

    def begin(self, conversation: Conversation, agent_id: str | None, surface: str, *, resumed: bool) -> None:
        self._conversation = conversation
        self._known = {item.id for item in conversation.items} if resumed else set()
        config = _config_values(conversation.config)
        device_id = conversation.company.talk.device_id
        if device_id:
            config["device_id"] = device_id
        row = ConversationRow(conversation.id, agent_id=agent_id, surface=surface, config=config)
        if self._unopened is not None or (device_id and not resumed):
            self._unopened = row
        else:
            self._open(row)
        previous = None
        for item in conversation.items:
            if item.id not in self._known:
                self._put(item, previous)
            previous = item.id

    def end(self) -> None:
        if self._conversation is not None and self._unopened is None:
            self._journal.close(self._conversation.id)

    def _open(self, row: ConversationRow) -> None:
        self._journal.open(row.id, agent_id=row.agent_id, surface=row.surface, config=row.config)

    def see(self, event: Event) -> None:
        """Note what concerns the store; returns at once."""
        conversation = self._conversation
        if conversation is None:
            return
        match event:
            case ItemAdded(item, previous) | ItemDone(item, previous):
                self._put(item, previous)
            case TranscriptFinal(item_id) | TranscriptFailed(item_id) | ItemTruncated(item_id):
                if item_id in conversation.history:
                    self._put(conversation.history.get(item_id), None)
            case ItemDeleted(item_id):
                self._known.discard(item_id)
                self._journal.item_deleted(conversation.id, item_id)
            case ReplyStarted(reply_id=reply_id):
                self._asked_by[reply_id] = self._last_user
            case ReplyDone():
                self._done = event
            case Metrics():
                self._turn(event)

    def _put(self, item: Item, previous: str | None) -> None:
        assert self._conversation is not None
        conversation_id = self._conversation.id
        if self._unopened is not None:
            opened, self._unopened = self._unopened, None
            self._open(opened)
        row = row_of(item)
        if item.role == "user":
            self._last_user = item.id
        if item.id in self._known:
            self._journal.item_updated(conversation_id, row)
            return
        self._known.add(item.id)
        self._journal.item(conversation_id, row, previous)
        if self._store_audio:
            for part in item.parts:
                if isinstance(part, AudioPart) and part.audio is not None:
                    self._journal.audio(
                        conversation_id,
                        item.id,
                        part.audio,
                        seconds=part.audio.seconds,
                    )

    def _turn(self, metrics: Metrics) -> None:
        """Written when its waterfall comes, which is right after the reply's end."""
        assert self._conversation is not None
        done = self._done if self._done and self._done.reply_id == metrics.reply_id else None
        self._journal.turn(
            self._conversation.id,
            TurnRow(
                metrics.turn_id,
                reply_id=metrics.reply_id,
                user_item_id=self._asked_by.pop(metrics.reply_id, None),
                reply_item_id=done.item.id if done and done.item else None,
                status=done.status if done else "completed",
                error=done.error_code if done else "",
                stages=tuple(
                    StageRow(stage.name, stage.start, stage.end, stage.queued) for stage in metrics.stages
                ),
                total=metrics.total,
                speculations=metrics.speculations,
                engines=dict(metrics.engines),
            ),
        )


def row_of(item: Item) -> ItemRow:
    """The item as the store keeps it, without samples."""
    return ItemRow(
        item.id,
        kind=item.kind,
        role=item.role,
        parts=tuple(_part_row(part) for part in item.parts),
        status=item.status,
        call_id=item.call_id,
        name=item.name,
        arguments=item.arguments,
        output=item.output,
    )


def items_of(stored: StoredConversation) -> Iterator[Item]:
    """A stored conversation's items as a live one's."""
    for row in stored.items:
        yield Item(
            row.id,
            kind=row.kind,  # type: ignore[arg-type]
            role=row.role,  # type: ignore[arg-type]
            parts=tuple(_part_of(part) for part in row.parts),
            # What was under way when the process ended will not be finished.
            status="incomplete" if row.status == "in_progress" else row.status,  # type: ignore[arg-type]
            call_id=row.call_id,
            name=row.name,
            arguments=row.arguments,
            output=row.output,
        )


def _part_row(part: Part) -> PartRow:
    match part:
        case TextPart(text):
            return PartRow("text", text)
        case AudioPart(transcript):
            return PartRow("audio", transcript)
        case ImagePart(url):
            return PartRow("image", url=url)


def _part_of(row: PartRow) -> Part:
    if row.kind == "image":
        return ImagePart(row.url or "")
    return AudioPart(row.text) if row.kind == "audio" else TextPart(row.text or "")


def _config_values(config: SessionConfig) -> dict[str, Any]:
    values = asdict(config)
    values["tools"] = [tool.name for tool in config.tools]
    return values
