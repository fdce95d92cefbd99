"""Engines by kind and name, found through the entry-point group ``kaikou.engines``.

An entry point is named ``kind.name`` (``tts.kokoro``) and points at a class that is called with
one :class:`EngineContext`. A package of anybody's may add one.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Literal, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from kaikou.engines.pool import Pool
from kaikou.engines.ports import Engine, Progress
from kaikou.errors import SettingsError
from kaikou.settings.tree import EngineChoice, Settings

GROUP = "kaikou.engines"
Kind = Literal["vad", "turn", "stt", "llm", "tts", "embedding", "vision", "speaker"]
TALKING: tuple[Kind, ...] = ("vad", "turn", "stt", "llm", "tts")
"""The kinds a conversation is held with: loaded at the start, and an agent may choose its own."""

Options = TypeVar("Options", bound=BaseModel)


class Weights(Protocol):
    """Where engines get model files from (``engines/weights/``)."""

    async def fetch(self, model: str, progress: Progress) -> Path:
        """The folder with the files of catalogue entry ``model``, downloaded if need be and
        verified. Raises ModelUnavailable."""
        ...

    def installed(self, model: str) -> Path | None:
        """The same folder if it is complete, without going to the network."""
        ...


@dataclass(frozen=True, slots=True)
class EngineContext:
    """What an engine is made with."""

    name: str
    """The name it was chosen by (``openrouter`` and ``openai`` may share a class)."""
    choice: EngineChoice
    """The settings of its kind (``settings.stt`` …)."""
    settings: Settings
    pool: Pool
    weights: Weights

    def options(self, model: type[Options]) -> Options:
        """The engine's own settings (``KAIKOU_TTS__SCRIPTED__DELAY_MS``), validated."""
        try:
            return model.model_validate(self.choice.options(self.name))
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(str(part) for part in first["loc"])
            raise SettingsError(
                f"The setting {field!r} of engine {self.name!r} is not usable: {first['msg']}.",
                hint="Run `kaikou settings` to see each value and where it came from.",
                param=field,
            ) from None


def available(kind: Kind) -> dict[str, EntryPoint]:
    """Names of the installed engines of a kind, with their entry points."""
    prefix = f"{kind}."
    return {
        entry.name.removeprefix(prefix): entry
        for entry in entry_points(group=GROUP)
        if entry.name.startswith(prefix)
    }


def create(kind: Kind, context: EngineContext) -> Engine:
    """The engine named in ``context``, constructed but not loaded. Unknown: SettingsError."""
    engines = available(kind)
    entry = engines.get(context.name)
    if entry is None:
        raise SettingsError(
            f"There is no {kind} engine named {context.name!r}.",
            code="unknown_engine",
            hint=f"Installed: {', '.join(sorted(engines))}.",
            param=f"{kind}.engine",
        )
    factory = entry.load()
    engine: Engine = factory(context)
    return engine
