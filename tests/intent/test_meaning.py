"""Tools told by the meaning of words; the embedder here makes it of known words."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import numpy as np
import pytest

from kaikou.agents.persona import Agent
from kaikou.dialogue.sessions.outfit import intent_of
from kaikou.engines.ports import Card, Message, Tool, Vectors
from kaikou.errors import NotReady, SettingsError
from kaikou.intent.calling import FunctionCalling, NoTools
from kaikou.intent.choice import choose_intent
from kaikou.intent.meaning import Meaning
from kaikou.intent.router import Router
from kaikou.settings.services import ToolSettings

_ABOUT = {"blare": 0, "blaring": 0, "din": 0, "chimes": 1, "o'clock": 1, "chime": 1}
EMPTY: dict[str, Any] = {"type": "object", "properties": {}}
SOUND = Tool("sound", "Set the sound.", EMPTY, said=("what a blare", "less blaring", "such a din"))
CLOCK = Tool("clock", "Tell the time.", EMPTY, said=("what chimes", "which o'clock", "the chime"))


class Embedder:
    identity = "test/words"

    def __init__(self) -> None:
        self.ready = True
        self.embedded = 0

    async def embed(self, texts: Sequence[str], **_: Any) -> Vectors:
        self.embedded += len(texts)
        found = np.zeros((len(texts), 3), np.float32)
        for row, text in enumerate(texts):
            words = text.lower().split()
            found[row, [_ABOUT.get(word, 2) for word in words if word in _ABOUT] or [2]] = 1
        return found

    async def source(self, _patience: float) -> Any:
        if not self.ready:
            raise NotReady("It is being loaded.")
        return self


class Nobody:
    """A model that must not be asked."""

    def stream(self, *_: Any, **__: Any) -> AsyncIterator[Any]:
        raise AssertionError("the model was asked")


async def routed(router: Router, words: str) -> str | None:
    decision = await router.decide([Message("user", words)], (SOUND, CLOCK), Nobody())  # type: ignore[arg-type]
    return decision.calls[0].name if decision.calls else None


async def test_a_tool_is_called_by_what_words_mean() -> None:
    embedder = Embedder()
    meaning = Meaning(embedder.source)
    await meaning.ready((SOUND, CLOCK))
    router = Router(meaning)
    assert await routed(router, "quite a din in here") == "sound"
    assert await routed(router, "let me hear the chimes") == "clock"
    assert await routed(router, "my aunt has a dog") is None
    known = embedder.embedded
    await meaning.ready((CLOCK,))
    assert embedder.embedded == known, "sentences are embedded once"
    await meaning.close()


async def test_until_it_is_ready_words_are_compared_as_words() -> None:
    embedder = Embedder()
    embedder.ready = False
    meaning = Meaning(embedder.source)
    assert await meaning.guess("a din it is", (SOUND, CLOCK)) is None
    await meaning.close()
    assert await routed(Router(meaning), "quite a din in here") is None
    await meaning.close()


def test_an_agents_own_way_is_chosen_before_the_settings() -> None:
    def chosen(intent: str | None) -> object:
        agent = Agent("a", "A", "p", intent=intent)
        return intent_of(
            agent, Card(kind="llm", name="x", title="X"), ToolSettings(intent="none"), choose_intent
        )

    assert isinstance(chosen(None), NoTools)
    assert isinstance(chosen("function_calling"), FunctionCalling)
    assert isinstance(chosen("a_file_that_is_gone"), NoTools)
    with pytest.raises(SettingsError):
        choose_intent("nobody", Card(kind="llm", name="x", title="X"))
