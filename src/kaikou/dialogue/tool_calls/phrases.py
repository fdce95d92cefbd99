"""The few words said where the model says none: around a tool's work, and in its stead."""

from __future__ import annotations

import re

_FILLERS: dict[str, tuple[str, ...]] = {
    "zh": ("请稍等一下。", "我来看一看。", "马上就好。"),
    "en": ("Just a moment.", "Let me have a look.", "One second please."),
    "de": ("Einen Moment, bitte.", "Ich sehe kurz nach.", "Ich bin gleich so weit."),
    "fr": ("Un instant, s'il vous plaît.", "Je regarde.", "J'en ai pour une seconde."),
    "es": ("Un momento, por favor.", "Déjame mirar.", "Enseguida lo tengo."),
    "ja": ("少々お待ちください。", "今調べますね。", "すぐに確認します。"),
}
_DONE = {
    "zh": "好了。",
    "en": "Done.",
    "de": "Erledigt.",
    "fr": "C'est fait.",
    "es": "Hecho.",
    "ja": "できました。",
}
_SORRY = {
    "zh": "抱歉，这件事没有办成。",
    "en": "I'm sorry, that didn't work.",
    "de": "Das hat leider nicht geklappt.",
    "fr": "Désolé, cela n'a pas marché.",
    "es": "Lo siento, no ha funcionado.",
    "ja": "すみません、うまくいきませんでした。",
}
_AGAIN = {
    "zh": "抱歉，您能再说一遍吗？",
    "en": "Sorry, could you say that again?",
    "de": "Entschuldigung, können Sie das noch einmal sagen?",
    "fr": "Pardon, pouvez-vous répéter ?",
    "es": "Perdón, ¿puede repetirlo?",
    "ja": "すみません、もう一度言っていただけますか？",
}
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_KANA = re.compile(r"[\u3040-\u30ff]")


def spoken_in(language: str | None, words: str) -> str:
    """The two letters of ``language``, else of what ``words`` are written in; ``en`` where neither tells."""
    if language:
        return language.lower().replace("_", "-").split("-")[0]
    if _KANA.search(words):
        return "ja"
    return "zh" if _HAN.search(words) else "en"


def filler(language: str, before: str = "") -> str:
    """Something to say while a tool works; not the one said ``before``."""
    known = _FILLERS.get(language, _FILLERS["en"])
    return known[(known.index(before) + 1) % len(known)] if before in known else known[0]


def outcome(language: str, *, failed: bool) -> str:
    """How it went, where the model has no words for it."""
    said = _SORRY if failed else _DONE
    return said.get(language, said["en"])


def say_again(language: str) -> str:
    """What is said where the model has no answer at all."""
    return _AGAIN.get(language, _AGAIN["en"])
