"""The voices of the engine together with those that people made.

A made voice is a blend for now: named parts of the engine's own voices. It is stored as its recipe; what
the engine speaks with is worked out when it is needed.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, Protocol

from kaikou.engines.ports import BlendsVoices, TextToSpeech, Voice
from kaikou.errors import InvalidInput, NotFound
from kaikou.store.records import VoiceRow, now
from kaikou.voices.previews import speaks

MAX_NAME, MAX_DESCRIPTION, MAX_MADE = 80, 1_000, 1_000
_PREFIX = "voice_"


class VoiceRows(Protocol):
    """Where made voices are kept (``store.voices.VoiceRepository``)."""

    async def all(self) -> Sequence[VoiceRow]: ...

    async def get(self, voice_id: str) -> VoiceRow | None: ...

    async def put(self, row: VoiceRow) -> None: ...

    async def delete(self, voice_id: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class LibraryVoice:
    """A voice as the library shows it. ``engine`` is the engine that speaks it."""

    voice: Voice
    engine: str
    kind: Literal["packaged", "blend"] = "packaged"
    parts: tuple[tuple[str, float], ...] = ()
    """Of a blend: (voice of the engine, share), shares summing to 1."""
    created_at: datetime | None = None

    @property
    def id(self) -> str:
        return self.voice.id


class VoiceLibrary:
    """Lists, makes and forgets voices. One for each process; ``engine`` is its text to speech."""

    def __init__(self, engine: TextToSpeech, rows: VoiceRows) -> None:
        self._engine = engine
        self._rows = rows

    async def voices(self, language: str | None = None) -> list[LibraryVoice]:
        """Made voices first, then the engine's own, optionally only those of a language."""
        made = [self._made(row) for row in await self._rows.all()]
        voices = [*(voice for voice in made if voice is not None), *self._packaged()]
        return [item for item in voices if language is None or speaks(item.voice, language)]

    async def get(self, voice_id: str) -> LibraryVoice:
        """NotFound ``unknown_voice`` where neither the engine nor anybody's making has it."""
        if voice_id.startswith(_PREFIX):
            row = await self._rows.get(voice_id)
            found = self._made(row) if row is not None else None
        else:
            found = next((item for item in self._packaged() if item.id == voice_id), None)
        if found is None:
            raise NotFound(
                f"There is no voice {voice_id[:60]!r}.",
                code="unknown_voice",
                hint="List them first.",
                param="voice",
            )
        return found

    def use(self, engine: TextToSpeech) -> None:
        """Another engine speaks from now on."""
        self._engine = engine

    async def spoken_with(self, voice_id: str | None, engine: TextToSpeech | None = None) -> str | None:
        """What to hand the engine as ``voice``; ``engine`` where it is not the one in force. Ids that are
        not the library's go through as they are: the engine knows its own, blends written out among
        them."""
        if voice_id is None or not voice_id.startswith(_PREFIX):
            return voice_id
        if engine is not None and engine is not self._engine:
            return await VoiceLibrary(engine, self._rows).spoken_with(voice_id)
        found = await self.get(voice_id)
        return self._blender().blend(dict(found.parts)).id

    async def save_blend(self, name: str, parts: Mapping[str, float], description: str = "") -> LibraryVoice:
        """Keep a blend under a name. ``parts`` weights by voice id. InvalidInput: ``invalid_voice`` for
        name or description, ``unknown_voice`` for a part the engine does not have, ``no_blends`` where
        the engine cannot blend, ``too_many_voices``."""
        _check(name, description)
        if len(await self._rows.all()) >= MAX_MADE:
            raise InvalidInput(f"The library holds {MAX_MADE} voices.", code="too_many_voices", status=409)
        blended = self._blender().blend(parts)
        row = VoiceRow(
            id=_PREFIX + secrets.token_hex(8),
            name=" ".join(name.split()),
            engine=self._engine.card.name,
            languages=blended.languages,
            gender=blended.gender,
            description=description,
            recipe={"parts": {part: float(weight) for part, weight in parts.items()}},
        )
        await self._rows.put(row)
        return await self.get(row.id)

    async def change_blend(
        self,
        voice_id: str,
        name: str | None = None,
        parts: Mapping[str, float] | None = None,
        description: str | None = None,
    ) -> LibraryVoice:
        """Change what is not None. NotFound ``unknown_voice``; InvalidInput ``voice_packaged`` for one
        that comes with the engine, else as ``save_blend``."""
        before = await self.get(voice_id)
        row = await self._rows.get(voice_id)
        if before.kind == "packaged" or row is None:
            raise InvalidInput(
                "This voice comes with the engine and can't be changed.", code="voice_packaged", status=409
            )
        name = row.name if name is None else name
        description = row.description if description is None else description
        _check(name, description)
        if parts is not None:
            blended = self.blended(parts)
            recipe = {"parts": {part: float(weight) for part, weight in parts.items()}}
            row = replace(row, languages=blended.languages, gender=blended.gender, recipe=recipe)
        changed = replace(row, name=" ".join(name.split()), description=description, updated_at=now())
        await self._rows.put(changed)
        return await self.get(voice_id)

    def blended(self, parts: Mapping[str, float]) -> Voice:
        """The voice of these parts, for now only. InvalidInput ``unknown_voice``, ``no_blends``."""
        return self._blender().blend(parts)

    async def delete(self, voice_id: str) -> None:
        """Forget a made voice. NotFound ``unknown_voice``; InvalidInput ``voice_packaged`` for one that
        comes with the engine."""
        found = await self.get(voice_id)
        if found.kind == "packaged":
            raise InvalidInput(
                "This voice comes with the engine and can't be deleted.", code="voice_packaged", status=409
            )
        await self._rows.delete(voice_id)

    # -- inside

    def _packaged(self) -> list[LibraryVoice]:
        name = self._engine.card.name
        return [LibraryVoice(voice, name) for voice in self._engine.voices()]

    def _made(self, row: VoiceRow) -> LibraryVoice | None:
        """The stored voice; None where another engine is in use now, which cannot speak it."""
        if row.engine != self._engine.card.name or row.kind != "blend":
            return None
        blended = self._blender().blend(row.recipe["parts"])
        voice = replace(blended, id=row.id, name=row.name, description=row.description or blended.description)
        weights = row.recipe["parts"]
        total = sum(weights.values())
        parts = tuple((part, weight / total) for part, weight in weights.items())
        return LibraryVoice(voice, row.engine, "blend", parts, row.created_at)

    def _blender(self) -> BlendsVoices:
        if not isinstance(self._engine, BlendsVoices):
            raise InvalidInput(
                f"The engine {self._engine.card.name!r} cannot blend voices.",
                code="no_blends",
                hint="Choose the engine kokoro.",
            )
        return self._engine


def _check(name: str, description: str) -> None:
    _require(0 < len(name.strip()) <= MAX_NAME, "name", f"has 1 to {MAX_NAME} characters")
    _require(len(description) <= MAX_DESCRIPTION, "description", f"has at most {MAX_DESCRIPTION} characters")


def _require(holds: bool, field: str, rule: str) -> None:
    if not holds:
        raise InvalidInput(f"A voice's {field} {rule}.", code="invalid_voice", param=field)
