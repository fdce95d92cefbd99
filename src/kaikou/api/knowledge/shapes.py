"""What the routes take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from kaikou.api.runtime import Runtime
from kaikou.errors import NotReady
from kaikou.knowledge.importing import Importer
from kaikou.knowledge.library import KnowledgeBase
from kaikou.store.knowledge import DocumentRow


class BaseOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    description: str
    documents: int
    passages: int
    created_at: datetime
    updated_at: datetime


class BasesOut(BaseModel):
    bases: list[BaseOut]


class NewBase(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    description: str = ""


class ChangedBase(BaseModel):
    """What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = None
    description: str | None = None


class ErrorOut(BaseModel):
    code: str
    message: str
    hint: str


class DocumentOut(BaseModel):
    id: str
    base_id: str
    title: str
    file_name: str
    media_type: str
    size: int = Field(description="Bytes of the original.")
    state: Literal["queued", "reading", "embedding", "ready", "failed", "cancelled"]
    progress: float | None = Field(description="0..1 while it is being embedded.")
    waiting: str = Field(description="Why its import waits, as a sentence; empty: it does not.")
    error: ErrorOut | None
    characters: int
    passages: int
    created_at: datetime
    updated_at: datetime


class DocumentsOut(BaseModel):
    documents: list[DocumentOut]


class AddedOut(DocumentOut):
    known: bool = Field(description="The same file was there already; nothing was added.")


class Thrown(BaseModel):
    """What was thrown away."""

    deleted: str
    restorable_until: datetime = Field(description="Until then POST …/restore brings it back.")


class PassageOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    position: int
    start: int = Field(description="Index of its first character in the document's text.")
    end: int
    page: int | None
    headings: list[str]
    text: str


class PassagesOut(BaseModel):
    passages: list[PassageOut]


class SearchIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    query: str
    bases: Annotated[list[str], Field(max_length=100)] = Field(
        default=[], description="Ids of knowledge bases; empty: all of them."
    )
    limit: int | None = Field(None, ge=1, le=50)


class FoundOut(BaseModel):
    text: str
    document_id: str
    document_title: str
    base_id: str
    headings: list[str]
    page: int | None
    start: int
    end: int
    location: str = Field(description="Headings and page, for citing.")
    score: float = Field(description="Orders these results; means nothing beyond them.")
    similarity: float | None = Field(description="Cosine of meaning; the scale is the model's own.")
    words_rank: int | None = Field(description="Its place by words alone.")


class SearchOut(BaseModel):
    results: list[FoundOut]
    seconds: float
    without_meaning: str = Field(description="Why words alone decided; empty: they did not.")


def knowledge_of(runtime: Runtime) -> KnowledgeBase:
    """NotReady while the server starts."""
    if runtime.knowledge is None:
        raise NotReady("The knowledge bases are still being opened.", hint="Try again in a moment.")
    return runtime.knowledge


def shown(row: DocumentRow, importer: Importer) -> DocumentOut:
    """A document with how far its import is."""
    return DocumentOut(
        id=row.id,
        base_id=row.base_id,
        title=row.title,
        file_name=row.file_name,
        media_type=row.media_type,
        size=row.size,
        state=row.state,
        progress=importer.progress.get(row.id),
        waiting=importer.waiting.get(row.id, ""),
        error=ErrorOut.model_validate(dict(row.error)) if row.error else None,
        characters=row.characters,
        passages=row.passages,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
