"""What a voice says when somebody wants to hear it."""

from __future__ import annotations

from kaikou.engines.ports import Voice

PREVIEW_TEXTS = {
    "zh": "你好，我是你的语音助手，很高兴认识你。",
    "en": "Hello, this is my voice. I am glad to meet you.",
    "ja": "こんにちは。これが私の声です。",
    "es": "Hola, esta es mi voz.",
    "fr": "Bonjour, voici ma voix.",
    "it": "Ciao, questa è la mia voce.",
    "pt": "Olá, esta é a minha voz.",
    "hi": "नमस्ते, यह मेरी आवाज़ है।",
}
"""By primary language subtag."""


def speaks(voice: Voice, language: str) -> bool:
    """``voice`` speaks the language, whatever the region (``zh-CN`` asks for ``zh``). A voice that names
    no language speaks any."""
    wanted = _primary(language)
    return not voice.languages or any(_primary(one) == wanted for one in voice.languages)


def preview_text(voice: Voice, language: str | None = None) -> str:
    """A sentence in ``language`` where the voice speaks it, else in the voice's first known language."""
    asked = [language] if language and speaks(voice, language) else []
    for one in (*asked, *voice.languages, "en"):
        if (found := PREVIEW_TEXTS.get(_primary(one))) is not None:
            return found
    raise AssertionError("English is always there")


def _primary(language: str) -> str:
    return language.replace("_", "-").partition("-")[0].lower()
