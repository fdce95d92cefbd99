"""A stored conversation as a file to keep: JSON with everything, Markdown to read."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from kaikou.store.records import ItemRow, StoredConversation

FORMAT = 1
"""Raised when the meaning of a field in the JSON changes."""

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
