"""Which tools the user's words may ask for: cheaply, without a model.

Words are weighed as in BM25: one that few tools' names, descriptions and examples hold says much. Pairs of
hanzi stand for Chinese words.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from kaikou.engines.ports import Tool
from kaikou.intent.examples import Example, example_of
from kaikou.intent.words import clauses, core, terms

_MOST = 4
_LEAST_WEIGHT = 1.2
"""A word that about a third of the tools share says nothing yet."""


@dataclass(frozen=True, slots=True)
class Fit:
    """An example that the words are; ``free`` as the example says."""

    tool: Tool
    arguments: dict[str, Any]
    free: bool


def _as_said(arguments: dict[str, Any], words: str) -> dict[str, Any]:
    """With the capitals that the words were written in."""
    folded = words.lower()
    return {
        name: words[at : at + len(value)]
        if isinstance(value, str) and (at := folded.find(value)) >= 0 and len(folded) == len(words)
        else value
        for name, value in arguments.items()
    }


class Matcher:
    """For one list of tools."""

    def __init__(self, tools: Sequence[Tool]) -> None:
        self.tools = tuple(tools)
        self._by_name = {tool.name: tool for tool in tools}
        self._examples: list[Example] = [example_of(tool, text) for tool in tools for text in tool.examples]
        self._terms = {
            tool.name: terms(f"{tool.name.replace('_', ' ')} {tool.description} {' '.join(tool.examples)}")
            for tool in tools
        }
        held = Counter(term for found in self._terms.values() for term in found)
        count = len(self.tools)
        self._weight = {
            term: math.log(1 + (count - among + 0.5) / (among + 0.5)) for term, among in held.items()
        }

    def fit(self, words: str) -> Fit | None:
        """The example that ``words`` are, or one of their clauses is; the one that leaves least to a
        place for any words."""
        fits = [fit for clause in clauses(words) for fit in self._fits(clause)]
        return min(
            fits, key=lambda fit: len("".join(map(str, fit.arguments.values()))) * fit.free, default=None
        )

    def _fits(self, words: str) -> Iterator[Fit]:
        said = core(words)
        for one in self._examples:
            if (arguments := one.arguments(said)) is not None:
                yield Fit(self._by_name[one.tool], _as_said(arguments, words), one.free)

    def candidates(self, words: str) -> list[Tool]:
        """The few tools that share telling words with the user's, the likeliest first."""
        said = terms(words)
        scores: dict[str, float] = {}
        for name, known in self._terms.items():
            weights = [self._weight[term] for term in said & known]
            if weights and max(weights) >= _LEAST_WEIGHT:
                scores[name] = sum(weights)
        best = sorted(scores, key=lambda name: -scores[name])[:_MOST]
        return [self._by_name[name] for name in best]
