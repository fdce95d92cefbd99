"""Which tool words ask for, by their meaning: an embedder, and a classifier on what it gives.

The classes are the tools that tell what people say for them, and talk. Kernel ridge regression (Saunders
et al. 1998; a Gaussian kernel) on a thousand vectors is solved in a fraction of a second, and needs no
weights of its own beside the embedder's. What all sentences of a language have in common is taken off first:
only what they differ in tells one from another.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kaikou.engines.ports import Embedder, Lane, Tool
from kaikou.errors import KaikouError
from kaikou.intent.talk import TALK
from kaikou.intent.words import HAN

log = logging.getLogger(__name__)

EmbedderSource = Callable[[float], Awaitable[Embedder]]
"""The embedder, waited for so many seconds. Raises NotReady meanwhile."""
_PENALTY = 0.05
_NARROW = 0.6
"""How fast likeness falls with the squared distance. Both found on sentences in sight, each told by others:
where one of a hundred sentences of talk is taken for a request, three of four requests are found, against
half by a linear classifier."""
_LOAD_SECONDS = 600.0
_LIVE_SECONDS = 0.5
"""A guess that takes longer is gone without: somebody waits for the reply."""
_KEPT = 8
"""Classifiers, one for each list of tools."""
_AT_ONCE = 32
"""Sentences embedded together: short enough to let calls go first."""


@dataclass(frozen=True, slots=True)
class Guess:
    """The likeliest tool, and by how much it is likelier than talk: about -1 to 1."""

    tool: str
    lead: float


Rows = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Classifier:
    tools: tuple[str, ...]
    middles: Rows
    """[language, dimensions]: what sentences not in Chinese, and those in Chinese, have in common."""
    points: Rows
    """[sentences, dimensions], of length one"""
    weights: Rows
    """[sentences, tools and talk]"""
    shares: Rows

    def guess(self, vector: Rows, chinese: bool) -> Guess:
        own = _of_length_one(vector - self.middles[int(chinese)])
        scores = _likeness(own[None], self.points)[0] @ self.weights + self.shares
        best = int(scores[:-1].argmax())
        return Guess(self.tools[best], float(scores[best] - scores[-1]))


def _of_length_one(rows: Rows) -> Rows:
    whole: Rows = rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-6)
    return whole


def _likeness(some: Rows, others: Rows) -> Rows:
    """Of rows of length one."""
    likeness: Rows = np.exp(-2 * _NARROW * (1 - some @ others.T))
    return likeness


class Meaning:
    """One for all sessions; ``seconds`` is how long a guess may take. ``close`` it."""

    def __init__(self, embedder: EmbedderSource, seconds: float = _LIVE_SECONDS) -> None:
        self._embedder = embedder
        self._seconds = seconds
        self._vectors: dict[str, Rows] = {}
        self._identity = ""
        self._known: dict[tuple[str, ...], _Classifier] = {}
        self._making: asyncio.Task[None] | None = None

    @staticmethod
    def tells(tool: Tool) -> bool:
        """Whether it can be told by meaning."""
        return bool(tool.said)

    async def guess(self, words: str, tools: Sequence[Tool]) -> Guess | None:
        """None where no tool says what is said for it, or it isn't ready: it is made so meanwhile."""
        told = [tool for tool in tools if tool.said]
        if not told:
            return None
        classifier = self._known.get(_key(told))
        if classifier is None:
            self.prepare(told)
            return None
        try:
            async with asyncio.timeout(self._seconds):
                embedder = await self._embedder(0)
                if embedder.identity != self._identity:
                    self._known.clear()
                    self.prepare(told)
                    return None
                vector = (await embedder.embed([words], role="query"))[0]
                return classifier.guess(vector, bool(HAN.search(words)))
        except (KaikouError, TimeoutError) as error:
            log.info("words were not understood by meaning: %s", error or "it took too long")
            return None

    def prepare(self, tools: Sequence[Tool]) -> None:
        """Make the classifier of these tools ready in the background."""
        told = [tool for tool in tools if tool.said]
        if told and _key(told) not in self._known and (self._making is None or self._making.done()):
            self._making = asyncio.create_task(self.ready(told), name="meaning of tools")

    async def ready(self, tools: Sequence[Tool]) -> None:
        """Wait until it is; what goes wrong is logged, and tried again at the next guess."""
        told = [tool for tool in tools if tool.said]
        try:
            embedder = await self._embedder(_LOAD_SECONDS)
            if embedder.identity != self._identity:
                self._identity = embedder.identity
                self._vectors.clear()
                self._known.clear()
            sentences = [*TALK, *(text for tool in told for text in tool.said)]
            new = [text for text in dict.fromkeys(sentences) if text not in self._vectors]
            for at in range(0, len(new), _AT_ONCE):
                some = new[at : at + _AT_ONCE]
                found = await embedder.embed(some, role="query", lane=Lane.BATCH)
                self._vectors.update(zip(some, found, strict=True))
            made = await asyncio.to_thread(_fit, {tool.name: tool.said for tool in told}, self._vectors)
        except KaikouError as error:
            log.warning("tools can't be told by meaning: %s", error)
            return
        while len(self._known) >= _KEPT:
            self._known.pop(next(iter(self._known)))
        self._known[_key(told)] = made

    async def close(self) -> None:
        if self._making is not None:
            self._making.cancel()
            await asyncio.wait({self._making})


def _key(tools: Sequence[Tool]) -> tuple[str, ...]:
    return tuple(part for tool in tools for part in (tool.name, *tool.said))


def _fit(said: Mapping[str, Sequence[str]], vectors: Mapping[str, Rows]) -> _Classifier:
    rows = [(at, text) for at, texts in enumerate(said.values()) for text in texts]
    rows += [(len(said), text) for text in TALK]
    found = np.stack([vectors[text] for _, text in rows])
    chinese = np.array([bool(HAN.search(text)) for _, text in rows])
    middles = np.stack([found[chinese == one].mean(axis=0) for one in (False, True)])
    points = _of_length_one(found - middles[chinese.astype(int)])
    wanted = np.eye(len(said) + 1)[[at for at, _ in rows]]
    shares = wanted.mean(axis=0)
    likeness = _likeness(points, points) + _PENALTY * np.eye(len(points))
    weights = np.linalg.solve(likeness, wanted - shares)
    return _Classifier(tuple(said), middles, points, weights.astype(np.float32), shares.astype(np.float32))
