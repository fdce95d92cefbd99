"""The frames of ``kaikou.chat.v1``: JSON objects with ``v``, ``type`` and what each type needs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kaikou.errors import InvalidInput

VERSION = 1
SUBPROTOCOL = "kaikou.chat.v1"

Id = Annotated[str, Field(min_length=1, max_length=128)]


class ClientFrame(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    v: Literal[1]


class Open(ClientFrame):
    """Begin a conversation, or take up a stored one; answered by ``history``."""

    type: Literal["open"]
    conversation_id: Id | None = None
    agent: Id | None = None


class UserMessage(ClientFrame):
    """Without ``conversation_id`` it begins a conversation. ``message_id`` is the client's own; the
    same id sent again (after a reconnect) is acknowledged again, not answered again."""

    type: Literal["user_message"]
    text: str
    conversation_id: Id | None = None
    agent: Id | None = None
    message_id: Id | None = None


class Stop(ClientFrame):
    """End the reply under way; what was written of it stays."""

    type: Literal["stop"]
    conversation_id: Id


class Regenerate(ClientFrame):
    """Answer anew: ``message_id`` (an answer; default the last) and all after it are removed."""

    type: Literal["regenerate"]
    conversation_id: Id
    message_id: Id | None = None


class Edit(ClientFrame):
    """Say ``message_id`` differently: it and all after it are removed, the new text is answered."""

    type: Literal["edit"]
    conversation_id: Id
    message_id: Id
    text: str


class Delete(ClientFrame):
    """Take one message out of the conversation; nothing is answered."""

    type: Literal["delete"]
    conversation_id: Id
    message_id: Id


class Resume(ClientFrame):
    """After a reconnect: send what followed frame ``seq``."""

    type: Literal["resume"]
    conversation_id: Id
    seq: Annotated[int, Field(ge=0)]


Frame = Open | UserMessage | Stop | Regenerate | Edit | Delete | Resume
_MODELS: dict[str, type[Frame]] = {
    "open": Open,
    "user_message": UserMessage,
    "stop": Stop,
    "regenerate": Regenerate,
    "edit": Edit,
    "delete": Delete,
    "resume": Resume,
}


def read(text: str | bytes) -> dict[str, Any]:
    """The JSON object in a frame. InvalidInput ``invalid_json`` or ``invalid_frame``."""
    try:
        raw = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"The frame is not valid JSON: {error.msg}.", code="invalid_json") from None
    if not isinstance(raw, dict):
        raise InvalidInput("A frame is a JSON object.", code="invalid_frame")
    return raw


def parse(raw: dict[str, Any]) -> Frame:
    """The frame an object stands for. InvalidInput naming the field: ``unsupported_version``,
    ``unknown_frame_type``, ``missing_field``, ``invalid_field``."""
    if raw.get("v") != VERSION:
        raise InvalidInput(
            "This server speaks version 1 of the frames.", code="unsupported_version", param="v"
        )
    kind = raw.get("type")
    model = _MODELS.get(kind) if isinstance(kind, str) else None
    if model is None:
        raise InvalidInput(
            f"Unknown frame type {str(kind)[:100]!r}.",
            code="unknown_frame_type",
            param="type",
            hint=f"Known: {', '.join(_MODELS)}.",
        )
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = str(first["loc"][0])
        missing = first["type"] == "missing"
        raise InvalidInput(
            f"The frame lacks {field!r}." if missing else f"{field}: {first['msg']}.",
            code="missing_field" if missing else "invalid_field",
            param=field,
        ) from None
