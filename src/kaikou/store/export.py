"""A stored conversation as a file to keep: JSON with everything, Markdown or text to read, and an
archive with the recordings."""

from __future__ import annotations

import json
import zipfile
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from kaikou.errors import NotFound
from kaikou.store.blobs import Blobs
from kaikou.store.records import ItemRow, StoredConversation

FORMAT = 1
"""Raised when the meaning of a field in the JSON changes."""

_SUFFIXES = {"audio/wav": "wav", "audio/ogg": "ogg", "audio/mpeg": "mp3", "audio/flac": "flac"}
_SPEAKERS = {"user": "User", "assistant": "Assistant", "system": "System"}


def as_json(stored: StoredConversation) -> str:
    """The conversation with items and turns; recordings by their hash."""
    body = {"kaikou_conversation": FORMAT, **asdict(stored)}
    return json.dumps(body, ensure_ascii=False, indent=2, default=_plain) + "\n"


def as_markdown(stored: StoredConversation) -> str:
    """What was said, one paragraph a turn."""
    about = stored.conversation
    parts = [f"# {_escaped(about.title) or 'Conversation'}", ""]
    parts.append(
        f"{about.created_at:%Y-%m-%d %H:%M} UTC" + (f" · {about.agent_id}" if about.agent_id else "")
    )
    for item in stored.items:
        parts += ["", _paragraph(item)]
    return "\n".join(parts) + "\n"


def as_text(stored: StoredConversation) -> str:
    """What was said, plain: who, a colon, the words; one paragraph a turn."""
    about = stored.conversation
    parts = [about.title or "Conversation", f"{about.created_at:%Y-%m-%d %H:%M} UTC"]
    for item in stored.items:
        if item.kind == "message":
            words = item.text or ("(recording)" if item.audio_seconds else "")
            cut = " (interrupted)" if item.status == "incomplete" else ""
            parts += ["", f"{_SPEAKERS.get(item.role or '', 'Note')}: {words}{cut}"]
    return "\n".join(parts) + "\n"


def write_recordings(stored: StoredConversation, blobs: Blobs, file: IO[bytes]) -> None:
    """A zip archive of the recordings in order, with the conversation as text beside them. Blocks; call
    it off the event loop. NotFound ``audio_not_found`` where nothing was recorded."""
    recorded = [(number, item) for number, item in enumerate(stored.items, 1) if item.audio]
    if not recorded:
        raise NotFound(
            "No recording of this conversation is kept.",
            code="audio_not_found",
            hint="The setting live.store_audio keeps recordings from then on.",
        )
    # Recordings that are compressed would not shrink, and the others are few.
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("conversation.md", as_markdown(stored))
        archive.writestr("conversation.json", as_json(stored))
        for number, item in recorded:
            path: Path = blobs.path(item.audio or "")
            suffix = _SUFFIXES.get(item.audio_type or "", "bin")
            try:
                archive.write(path, f"audio/{number:03d}-{item.role or 'item'}.{suffix}")
            except FileNotFoundError:
                archive.writestr(f"audio/{number:03d}-missing.txt", "The recording's file is gone.\n")


def _paragraph(item: ItemRow) -> str:
    if item.kind == "function_call":
        return f"*called* `{item.name}` `{item.arguments}`"
    if item.kind == "function_call_output":
        return f"*answered* `{item.output}`"
    words = [_escaped(part.text) for part in item.parts if part.text]
    words += ["*(picture)*" for part in item.parts if part.kind == "image"]
    if item.audio_seconds and not words:
        words.append(f"*(recording of {item.audio_seconds:.1f} s)*")
    cut = " *(interrupted)*" if item.status == "incomplete" else ""
    return f"**{_SPEAKERS.get(item.role or '', 'Note')}:** {' '.join(words)}{cut}"


def _escaped(text: str) -> str:
    """Text that Markdown would read as markup or HTML, as itself."""
    for mark in "\\`*_[]<>#":
        text = text.replace(mark, "\\" + mark)
    return text.replace("\n", "  \n")


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)
