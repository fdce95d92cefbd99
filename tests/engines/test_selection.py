"""Which engine serves each kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kaikou.engines.pool import Pool
from kaikou.engines.ports import Progress
from kaikou.engines.selection import PROVIDERS, Choices, build, choose
from kaikou.errors import SettingsError
from kaikou.settings.tree import Settings


class NoWeights:
    async def fetch(self, model: str, progress: Progress) -> Path:
        raise AssertionError("building fetches nothing")

    def installed(self, model: str) -> Path | None:
        return None


def test_defaults_are_the_embedded_engines() -> None:
    assert choose(Settings()) == Choices("silero", "smart-turn", "whisper", "llama", "kokoro", "e5")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"llm": {"engine": "scripted"}, "providers": {"openai": {"api_key": "k"}}}, "scripted"),
        ({"llm": {"base_url": "http://10.0.0.2/v1"}, "providers": {"gemini": {"api_key": "k"}}}, "openai"),
        ({"llm": {"model": "/m/own.gguf"}, "providers": {"gemini": {"api_key": "k"}}}, "llama"),
        ({"providers": {"ollama": {"base_url": "http://10.0.0.2/v1"}}}, "llama"),
        *(({"providers": {name: {"api_key": "k"}}}, name) for name in PROVIDERS),
        ({"providers": {"openai": {"api_key": "k"}, "openrouter": {"api_key": "k"}}}, "openrouter"),
    ],
)
def test_language_model(values: dict[str, Any], expected: str) -> None:
    assert choose(Settings(**values)).llm == expected


def test_other_kinds() -> None:
    remote = {"base_url": "http://10.0.0.2/v1"}
    chosen = choose(Settings(turn={"engine": "none"}, stt=remote, tts=remote, vad={"engine": "energy"}))
    assert chosen == Choices("energy", None, "openai", "llama", "openai", "e5")
    # A key for language models does not send anybody's voice to that provider.
    assert choose(Settings(providers={"openai": {"api_key": "k"}})).stt == "whisper"


def test_a_key_that_would_be_ignored_is_an_error() -> None:
    with pytest.raises(SettingsError, match=r"llm\.api_key"):
        choose(Settings(llm={"api_key": "k"}))


def settings(**values: Any) -> Settings:
    scripted = {"engine": "scripted"}
    return Settings(
        **(
            {"vad": scripted, "turn": {"engine": "none"}, "stt": scripted, "llm": scripted, "tts": scripted}
            | values
        )
    )


def test_build_makes_what_was_chosen() -> None:
    chosen = settings()
    engines = build(chosen, Pool(chosen.pool), NoWeights())
    assert engines.turn is None
    cards = [engine.card for engine in (engines.vad, engines.stt, engines.llm, engines.tts)]
    assert [(card.kind, card.scripted) for card in cards] == [
        ("vad", True),
        ("stt", True),
        ("llm", True),
        ("tts", True),
    ]


@pytest.mark.parametrize(
    ("values", "param"),
    [
        ({"llm": {"engine": "gpt5"}}, "llm.engine"),
        ({"llm": {"engine": "scripted", "scripted": {"tokens_per_second": 0}}}, "tokens_per_second"),
        ({"llm": {"engine": "deepseek"}}, "llm.api_key"),
    ],
)
def test_mistakes_are_named(values: dict[str, Any], param: str) -> None:
    chosen = settings(**values)
    with pytest.raises(SettingsError) as caught:
        build(chosen, Pool(chosen.pool), NoWeights())
    assert caught.value.param == param
    if param == "llm.engine":
        assert "llama" in caught.value.hint and "openrouter" in caught.value.hint
