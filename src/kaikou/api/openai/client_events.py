"""What a Realtime client may say: the 11 events of the API, and ``kaikou.resume``."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field

from kaikou.api.openai.validation import validated
from kaikou.errors import InvalidInput

Id = Annotated[str, Field(min_length=1, max_length=128)]


class ClientEvent(BaseModel):
    """Fields nobody knows are ignored: newer clients send more than older servers understand."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    event_id: Annotated[str, Field(max_length=512)] | None = None


class SessionUpdate(ClientEvent):
    type: Literal["session.update", "transcription_session.update"]
    session: dict[str, Any]


class AudioAppend(ClientEvent):
    type: Literal["input_audio_buffer.append"]
    audio: str


class AudioCommit(ClientEvent):
    type: Literal["input_audio_buffer.commit"]


class AudioClear(ClientEvent):
    type: Literal["input_audio_buffer.clear"]


class OutputClear(ClientEvent):
    type: Literal["output_audio_buffer.clear"]


class ItemCreate(ClientEvent):
    type: Literal["conversation.item.create"]
    item: dict[str, Any]
    previous_item_id: Id | None = None
    """``root`` for the first place, None for the last."""


class ItemRetrieve(ClientEvent):
    type: Literal["conversation.item.retrieve"]
    item_id: Id


class ItemTruncate(ClientEvent):
    type: Literal["conversation.item.truncate"]
    item_id: Id
    content_index: Annotated[int, Field(ge=0)]
    audio_end_ms: Annotated[int, Field(ge=0)]


class ItemDelete(ClientEvent):
    type: Literal["conversation.item.delete"]
    item_id: Id


class ResponseCreate(ClientEvent):
    type: Literal["response.create"]
    response: dict[str, Any] | None = None


class ResponseCancel(ClientEvent):
    type: Literal["response.cancel"]
    response_id: Id | None = None


class Resume(ClientEvent):
    """The first event of a new socket after a drop (an extension)."""

    type: Literal["kaikou.resume"]
    conversation_id: Id
    last_event_id: Id | None = None
    played_ms: Annotated[int, Field(ge=0)] | None = None


MODELS: dict[str, type[ClientEvent]] = {
    name: model
    for model in (
        SessionUpdate,
        AudioAppend,
        AudioCommit,
        AudioClear,
        OutputClear,
        ItemCreate,
        ItemRetrieve,
        ItemTruncate,
        ItemDelete,
        ResponseCreate,
        ResponseCancel,
        Resume,
    )
    for name in model.model_fields["type"].annotation.__args__  # type: ignore[union-attr]
}
"""Every event by its name on the wire."""


def read(frame: str | bytes) -> dict[str, Any]:
    """A frame as a JSON object. InvalidInput ``invalid_json`` or ``invalid_event``."""
    try:
        raw = orjson.loads(frame)
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"The message is not valid JSON: {error.msg}.", code="invalid_json") from None
    if not isinstance(raw, dict):
        raise InvalidInput("An event is a JSON object with a 'type'.", code="invalid_event")
    return raw


def parse(raw: dict[str, Any]) -> ClientEvent:
    """The event a JSON object stands for; InvalidInput says which field is wrong."""
    name = raw.get("type")
    if name is None:
        raise InvalidInput(
            "Missing required parameter: 'type'.", code="missing_required_parameter", param="type"
        )
    model = MODELS.get(name) if isinstance(name, str) else None
    if model is None:
        known = ", ".join(sorted(MODELS))
        raise InvalidInput(
            f"Unknown event type {str(name)[:100]!r}.",
            code="unknown_event_type",
            param="type",
            hint=f"Known: {known}.",
        )
    return validated(model, raw)
