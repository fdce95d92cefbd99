from __future__ import annotations

from pathlib import Path

import pytest

from kaikou.engines.pool import Pool
from kaikou.engines.ports import Progress
from kaikou.engines.selection import build
from kaikou.engines.shelf import EngineShelf
from kaikou.errors import ModelUnavailable, SettingsError
from kaikou.settings.tree import Settings


class NoWeights:
    """Nothing is installed and nothing can be fetched."""

    async def fetch(self, model: str, progress: Progress) -> Path:
        raise ModelUnavailable(f"{model} is not here.")

    def installed(self, model: str) -> Path | None:
        return None


def scripted() -> Settings:
    return Settings.model_validate(
        {kind: {"engine": "scripted"} for kind in ("vad", "stt", "llm", "tts")} | {"turn": {"engine": "none"}}
    )


async def test_an_agents_engines_take_the_place_of_the_default_ones() -> None:
    settings, pool = scripted(), Pool()
    default = build(settings, pool, NoWeights())
    shelf = EngineShelf(settings, pool, NoWeights())
    try:
        assert await shelf.choose(default, {}) is default
        assert await shelf.choose(default, {"llm": "scripted"}) is default
        other = await shelf.choose(default, {"vad": "energy"})
        assert other.vad.card.name == "energy" and other.llm is default.llm
        again = await shelf.choose(default, {"vad": "energy"})
        assert again.vad is other.vad, "made once"
        with pytest.raises(SettingsError):
            await shelf.choose(default, {"llm": "nobody"})
        with pytest.raises(SettingsError):
            await shelf.choose(default, {"ears": "big"})
        with pytest.raises(ModelUnavailable):
            await shelf.choose(default, {"stt": "whisper"})
    finally:
        await shelf.close()
        await pool.close()
