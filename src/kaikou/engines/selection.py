"""Which engine serves each kind: the one that is named, else the one that fits the settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from kaikou.engines.pool import Pool
from kaikou.engines.ports import (
    Engine,
    Engines,
    LanguageModel,
    SpeechToText,
    TextToSpeech,
    TurnDetector,
    VoiceActivityDetector,
)
from kaikou.engines.registry import EngineContext, Kind, Weights, create
from kaikou.errors import SettingsError
from kaikou.settings.tree import EngineChoice, RemoteEngineChoice, Settings

AUTO = "auto"
NONE = "none"

PROVIDERS = ("openrouter", "gemini", "dashscope", "openai", "deepseek")
"""Asked in this order for a key when no language model was chosen."""


@dataclass(frozen=True, slots=True)
class Choices:
    """The name of the engine for each kind. ``turn`` None: silence alone ends a turn."""

    vad: str
    turn: str | None
    stt: str
    llm: str
    tts: str
    embedding: str
    speaker: str = "resemblyzer"
    vision: str | None = None
    """None: nothing looks at pictures. They leave the machine only where that was asked for."""


def choose(settings: Settings) -> Choices:
    """The engines that ``settings`` ask for. Pure; names are looked up when they are built.

    Raises SettingsError where the settings contradict one another.
    """
    turn = _named(settings.turn) or "smart-turn"
    return Choices(
        vad=_named(settings.vad) or "silero",
        turn=None if turn == NONE else turn,
        stt=_named(settings.stt) or _remote("stt", settings.stt) or "whisper",
        llm=_named(settings.llm) or _language_model(settings),
        tts=_named(settings.tts) or _remote("tts", settings.tts) or "kokoro",
        speaker=_named(settings.speaker) or "resemblyzer",
        embedding=_named(settings.embedding) or _remote("embedding", settings.embedding) or "e5",
        vision=_named(settings.vision) or _remote("vision", settings.vision),
    )


def build(settings: Settings, pool: Pool, weights: Weights) -> Engines:
    """The chosen engines, constructed but not loaded.

    Raises SettingsError: unknown name (the hint lists what is installed), unusable options.
    """
    chosen = choose(settings)

    def make(kind: Kind, name: str) -> Engine:
        choice: EngineChoice = getattr(settings, kind)
        return create(kind, EngineContext(name, choice, settings, pool, weights))

    return Engines(
        vad=cast(VoiceActivityDetector, make("vad", chosen.vad)),
        turn=cast(TurnDetector, make("turn", chosen.turn)) if chosen.turn else None,
        stt=cast(SpeechToText, make("stt", chosen.stt)),
        llm=cast(LanguageModel, make("llm", chosen.llm)),
        tts=cast(TextToSpeech, make("tts", chosen.tts)),
    )


def _named(choice: EngineChoice) -> str | None:
    return None if choice.engine == AUTO else choice.engine


def _remote(kind: Kind, choice: RemoteEngineChoice) -> str | None:
    """``openai`` where an address is set. A key without one would be ignored: say so instead."""
    if choice.base_url is not None:
        return "openai"
    if choice.api_key is not None:
        raise SettingsError(
            f"{kind}.api_key is set, but nothing says whose key it is.",
            hint=f"Set KAIKOU_{kind.upper()}__BASE_URL or KAIKOU_{kind.upper()}__ENGINE.",
            param=f"{kind}.api_key",
        )
    return None


def _language_model(settings: Settings) -> str:
    if remote := _remote("llm", settings.llm):
        return remote
    if settings.llm.model is not None and settings.llm.model.endswith(".gguf"):
        return "llama"
    for name in PROVIDERS:
        provider = settings.providers.get(name)
        if provider is not None and provider.api_key is not None:
            return name
    return "llama"
