"""Which tools the user's words may ask for: cheaply, without a model.

Words are weighed as in BM25: one that few tools' names, descriptions and examples hold says much. Pairs of
hanzi stand for Chinese words.
"""

from __future__ import annotations

import logging
import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from kaikou.engines.ports import Tool
from kaikou.intent.examples import Example, example_of
from kaikou.intent.numbers import A_LITTLE
from kaikou.intent.words import clauses, core, joined, terms

log = logging.getLogger(__name__)

_MOST = 4
_MOST_AT_ONCE = 3
_JOINT = re.compile(
    r"[\s,.;!?，。；！？]*(?:顺便|然后|还有|另外|并且|接着|\b(?:and then|and also|and|then|also)\b)\s*"
    r"|[.;!?。；！？]+\s*",
    re.IGNORECASE,
)
_LEAST_WEIGHT = 1.2
"""A word that about a third of the tools share says nothing yet."""


@dataclass(frozen=True, slots=True)
class Fit:
    """An example that the words are; ``free`` counts the letters in its places for any words."""

    tool: Tool
    arguments: dict[str, Any]
    free: int = 0


def as_said(value: Any, words: str) -> Any:
    """A value found in plain ``words``, with the capitals and marks they were written with."""
    if not isinstance(value, str):
        return value
    places = [at for at, letter in enumerate(words) if letter.isalnum() or letter == "%"]
    letters = "".join(words[at].lower()[0] for at in places)
    wanted = "".join(letter for letter in value if letter.isalnum() or letter == "%")
    found = letters.find(wanted)
    return words[places[found] : places[found + len(wanted) - 1] + 1] if wanted and found >= 0 else value


def _read(tool: Tool, text: str) -> Example | None:
    try:
        return example_of(tool, text)
    except ValueError as error:
        log.warning("left out: %s", error)
        return None


def _bare(examples: Sequence[str]) -> str:
    """The words of examples alone."""
    return re.sub(r"\{\w+\}|[^\w\s']", " ", " ".join(examples))


def _weights(texts: Collection[set[str]]) -> dict[str, float]:
    """How much a term tells: the more, the fewer texts hold it."""
    held = Counter(term for found in texts for term in found)
    count = len(texts)
    return {term: math.log(1 + (count - among + 0.5) / (among + 0.5)) for term, among in held.items()}


class Matcher:
    """For one list of tools."""

    def __init__(self, tools: Sequence[Tool]) -> None:
        self.tools = tuple(tools)
        self._by_name = {tool.name: tool for tool in tools}
        self._examples = [one for tool in tools for text in tool.examples if (one := _read(tool, text))]
        self._slots = {
            tool.name: [one for text in tool.slots if (one := _read(tool, text))] for tool in tools
        }
        self._terms = {
            tool.name: terms(f"{tool.name.replace('_', ' ')} {tool.description} {_bare(tool.examples)}")
            for tool in tools
        }
        self._told = {tool.name: terms(f"{tool.name.replace('_', ' ')} {tool.description}") for tool in tools}
        self._weight = _weights(self._terms.values())
        self._telling = _weights(self._told.values())

    def fit(self, words: str) -> Fit | None:
        """The example that ``words`` are, or one of their clauses is; the one that leaves least to a
        place for any words."""
        fits = [fit for clause in clauses(words) for fit in self._fits(clause)]
        return min(fits, key=lambda fit: fit.free, default=None)

    def several(self, words: str) -> list[Fit]:
        """The fits of words that ask for two or three things, one after the other; else none. What goes on
        with free words is one request: "remind me to call Bo and turn off the oven"."""
        parts = [part for part in _JOINT.split(words) if part.strip()]
        if not 2 <= len(parts) <= _MOST_AT_ONCE:
            return []
        fits = [min(self._fits(part), key=lambda fit: fit.free, default=None) for part in parts]
        found = [fit for fit in fits if fit is not None]
        if len(found) < len(parts) or any(fit.free or fit.tool.whole for fit in found[:-1]):
            return []
        return found if len({fit.tool.name for fit in found}) == len(found) else []

    def _fits(self, words: str) -> Iterator[Fit]:
        forms = dict.fromkeys((core(words), joined(words)))
        for one in self._examples:
            for said in forms:
                if (arguments := one.arguments(said)) is None:
                    continue
                free = sum(len(str(arguments.get(name, ""))) for name in one.free)
                given = {name: as_said(value, words) for name, value in arguments.items()}
                if one.whole and one.whole not in given:
                    given[one.whole] = words.strip()
                tool = self._by_name[one.tool]
                if not one.pattern.groupindex and not given:
                    given = self.arguments(tool, words)
                yield Fit(tool, given, free)
                break

    def arguments(self, tool: Tool, words: str) -> dict[str, Any]:
        """What words that ask for ``tool`` name: by its slots, of each argument the first found."""
        given: dict[str, Any] = {}
        for said in (words, *clauses(words)[1:]):
            for one in self._slots.get(tool.name, ()):
                found = one.arguments(joined(A_LITTLE.sub(" ", said.lower()))) or {}
                given = {name: as_said(value, words) for name, value in found.items()} | given
        return given

    def named(self, tool: Tool, words: str) -> bool:
        """Whether the words name what the tool is about, and don't only share some with its examples."""
        return any(self._telling[term] >= _LEAST_WEIGHT for term in terms(words) & self._told[tool.name])

    def candidates(self, words: str) -> list[Tool]:
        """The few tools that share telling words with the user's, the likeliest first."""
        said = terms(words)
        scores: dict[str, float] = {}
        for name, known in self._terms.items():
            weights = [self._weight[term] for term in said & known]
            # What a tool is called and said to do tells more than what its examples hold besides.
            told = [self._telling[term] for term in said & self._told[name]]
            if max([*weights, *told], default=0.0) >= _LEAST_WEIGHT:
                scores[name] = sum(weights) + 2 * sum(told)
        best = sorted(scores, key=lambda name: -scores[name])[:_MOST]
        return [self._by_name[name] for name in best]
