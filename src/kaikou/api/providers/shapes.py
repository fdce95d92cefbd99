"""The bodies of ``/api/providers``."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from kaikou.engines.ports import HealthState
from kaikou.settings.page import Choice, ChoosableKind

Source = Literal["default", "page", "file", "dotenv", "environment", "command line"]


class FieldOut(BaseModel):
    """One value in force and where it came from; a key's value is never told."""

    value: str | None
    set: bool
    origin: str
    source: Source
    locked: bool = Field(description="Set by the operator: the page can't change it.")


class ErrorOut(BaseModel):
    code: str
    message: str
    hint: str = ""


class SwitchOut(BaseModel):
    """A choice that is being put in force, or that failed to be."""

    engine: str
    state: Literal["loading", "failed"]
    detail: str = ""
    progress: float | None = None
    error: ErrorOut | None = None


class DownloadOut(BaseModel):
    """A model that choosing a local engine needs."""

    id: str
    title: str
    size: int
    installed: bool


class ChoiceOut(BaseModel):
    """Something that may be chosen."""

    engine: str
    title: str
    type: Literal["auto", "local", "provider", "custom"]
    base_url: str | None
    needs_key: bool
    key_set: bool = Field(description="A stored key would be used for it at its own address.")
    key_origin: str | None
    key_names: list[str]
    homepage: str
    models: list[str] = Field(description="Suggestions; the first is taken where none is named.")
    model_needed: bool
    local: bool
    downloads: list[DownloadOut]
    available: bool
    note: str


class KindOut(BaseModel):
    """One kind: what serves it, why, and what else could."""

    kind: ChoosableKind
    engine: str
    title: str
    model: str
    base_url: str | None
    local: bool
    state: HealthState
    detail: str
    progress: float | None
    origin: str
    source: Source
    locked: bool
    fields: dict[str, FieldOut]
    saved: bool = Field(description="A choice of the page is kept; DELETE takes it back.")
    switching: SwitchOut | None
    choices: list[ChoiceOut]


class ProvidersOut(BaseModel):
    kinds: list[KindOut]


class TrialIn(Choice):
    """What to try. Nothing is kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ChoosableKind


class TrialOut(BaseModel):
    """How the trial went."""

    ok: bool
    latency_ms: int | None = Field(description="To the first token, the first sound, or the transcript.")
    total_ms: int
    detail: str
    engine: str
    model: str | None
    models: list[str] = Field(description="As the server lists them; empty where it does not.")
    error: ErrorOut | None
