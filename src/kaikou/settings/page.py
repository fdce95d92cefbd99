"""The engines chosen on the page, kept in ``page.json`` in the data folder, under the operator's word.

The file holds keys in plain text and is readable by its owner alone: whoever can read it can also read
the database beside it, with the secret a cipher would need. Every other source of settings comes first.
Engine, address and key belong together: where the operator sets one of the three for a kind, the page's
three do not count, so that a key never goes to an address it was not given for.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from kaikou.errors import SettingsError
from kaikou.settings.tree import RemoteEngineChoice

if TYPE_CHECKING:
    from kaikou.settings.loading import LoadedSettings, Origin

FILE = "page.json"
VERSION = 1
ChoosableKind = Literal["stt", "llm", "tts"]
KINDS: tuple[ChoosableKind, ...] = ("stt", "llm", "tts")
BOUND = ("engine", "base_url", "api_key")
"""Fields of one choice that are only good together."""


class Choice(BaseModel):
    """What was chosen for one kind; None leaves a value to the other sources. An ``api_key`` that is
    empty means "none": no other source's key is sent in its place."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    engine: str = Field(min_length=1, max_length=100)
    base_url: str | None = Field(None, max_length=2_000)
    api_key: SecretStr | None = Field(None, max_length=4_000)
    model: str | None = Field(None, max_length=500)
    voice: str | None = Field(None, max_length=200)

    @field_validator("base_url", "model", "voice", mode="after")
    @classmethod
    def _said(cls, value: str | None) -> str | None:
        return (value or "").strip() or None

    @field_validator("base_url", mode="after")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("an address begins with http:// or https:// and names a host")
        return value.rstrip("/")

    @field_validator("api_key", mode="after")
    @classmethod
    def _sendable(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        text = value.get_secret_value().strip()
        if not text.isascii() or not text.isprintable():
            raise ValueError("a key has plain characters only")
        return SecretStr(text)


Choices = Mapping[ChoosableKind, Choice]


def page_file(data_dir: Path) -> Path:
    return data_dir / FILE


def read_choices(path: Path) -> dict[ChoosableKind, Choice]:
    """What was chosen; empty where there is no file. SettingsError where it can't be used."""
    try:
        kept = json.loads(path.read_text("utf-8"))
        if kept["version"] != VERSION:
            raise ValueError("it was written by another version of Kaikou")
        return {kind: Choice.model_validate(kept[kind]) for kind in KINDS if kept.get(kind) is not None}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        # A validation's text quotes what it was given, which may be a key.
        reason = "a value in it is wrong" if isinstance(error, ValidationError) else str(error)
        raise SettingsError(
            f"{path.name} can't be used: {reason}.", hint="Choose anew on the page."
        ) from None


def write_choices(path: Path, choices: Choices) -> None:
    """Keep the choices, whole or not at all, for the owner's eyes alone. Blocks. SettingsError where
    the folder can't be written."""
    body: dict[str, Any] = {"version": VERSION}
    for kind, choice in choices.items():
        values = choice.model_dump(exclude_none=True)
        if choice.api_key is not None:
            values["api_key"] = choice.api_key.get_secret_value()
        body[kind] = values
    temporary = None
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".page-")  # made with mode 0600
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(body, file, ensure_ascii=False, indent=2)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise SettingsError(
            f"The choice can't be kept: {error.strerror or type(error).__name__}.",
            code="settings_not_kept",
            hint="Check the data folder and its disk.",
        ) from None


def locked_by(operator: LoadedSettings, kind: ChoosableKind) -> Origin | None:
    """Where the operator chose the engine, its address or its key; None where the page may."""
    origins = (operator.origin((kind, name)) for name in BOUND)
    return next((origin for origin in origins if origin.source != "default"), None)


def named(section: RemoteEngineChoice) -> str:
    """The engine a section asks for: an address alone is that of an OpenAI-compatible server."""
    return "openai" if section.engine == "auto" and section.base_url is not None else section.engine


def with_choices(operator: LoadedSettings, choices: Choices) -> LoadedSettings:
    """The operator's settings with the page's below them; ``operator`` of the result is the former."""
    from kaikou.settings.loading import Origin

    sections: dict[str, RemoteEngineChoice] = {}
    origins = dict(operator.origins)
    warnings = list(operator.warnings)
    for kind, choice in choices.items():
        section: RemoteEngineChoice = getattr(operator.settings, kind)
        lock = locked_by(operator, kind)
        if lock is not None and named(section) != choice.engine:
            warnings.append(
                f"{lock} chooses the engine of {kind}; {choice.engine}, chosen on the page, is not used."
            )
            continue
        names = ("model", "voice") if lock is not None else (*BOUND, "model", "voice")
        fields = {
            name: getattr(choice, name)
            for name in names
            if name in type(section).model_fields
            and getattr(choice, name) is not None
            and operator.origin((kind, name)).source == "default"
        }
        sections[kind] = section.model_copy(update=fields)
        origins |= {(kind, name): Origin("page", name, FILE) for name in fields}
    settings = operator.settings.model_copy(update=sections)
    return replace(operator, settings=settings, origins=origins, warnings=tuple(warnings), operator=operator)
