"""A tool's examples as patterns: "set the volume to {percent}" finds the tool and its argument at once.

``(one|other)`` are alternatives, ``[perhaps]`` may be left out, ``{parameter}`` is a place for an argument,
``{*}`` one for any words, ``{name}`` one that the tool's ``places`` tell and that gives no argument.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kaikou.engines.ports import Tool
from kaikou.intent.numbers import PATTERN, SHARE, number
from kaikou.intent.words import core, plain

_TOKEN = re.compile(r"\{(\w+|\*)\}|([()\[\]|])|\s+|[^{}()\[\]|\s]+")
_FREE = r"(?!(?:is|are|was|were|be|has|have|with|at|in|on|and|or|of|for|by)\b)\S.{0,59}?"
"""Any words but those that go on with a sentence: "play Clair de Lune", not "play is important"."""
_ANY = r"\S.{0,119}?"
_NUMBERS = frozenset({"integer", "number"})
_SIGNS = {"(": "(?:", ")": ")", "[": "(?:", "]": ")?", "|": "|"}


@dataclass(frozen=True, slots=True)
class Example:
    """``free``: the places for any words, so that much else fits it, too; ``whole`` as the tool says."""

    tool: str
    pattern: re.Pattern[str]
    numbers: frozenset[str]
    free: frozenset[str]
    whole: str = ""

    def arguments(self, said: str) -> dict[str, Any] | None:
        """What ``said`` (plain, or its core) gives for the places; None where it doesn't fit."""
        found = self.pattern.fullmatch(said)
        if found is None:
            return None
        values: dict[str, Any] = {}
        for name, text in found.groupdict().items():
            if text is None:
                continue
            value = number(text) if name in self.numbers else text.strip()
            if value is None or value == "":
                return None
            values[name] = value
        return values


def example_of(tool: Tool, text: str) -> Example:
    """A place is a parameter of the tool; numbers are read where it takes one. Raises ValueError for an
    example that can't be read."""
    properties: Mapping[str, Any] = tool.parameters.get("properties") or {}
    numbers = frozenset(name for name, schema in properties.items() if _type(schema) in _NUMBERS)
    free = set()
    pattern, simple = "", not re.search(r"[(\[{]", text)
    for token in _TOKEN.finditer(core(text) if simple else text):
        name, sign = token[1], token[2]
        if name == "*":
            pattern += rf"\s*{_ANY}\s*"
        elif name and name in tool.places and name not in properties:
            pattern += rf"\s*(?:{tool.places[name]})\s*"
        elif name and name not in properties:
            raise ValueError(f"the example {text!r} of {tool.name}: there is no parameter {name}")
        elif name:
            kind = tool.places.get(name)
            if kind is None and name in numbers:
                kind = SHARE if name == "percent" else PATTERN
            if kind is None:
                kind = _FREE
                free.add(name)
            pattern += rf"\s*(?P<{name}>{kind})\s*"
        elif sign:
            pattern += _SIGNS[sign]
        else:
            pattern += r"\s*" if token[0].isspace() else re.escape(plain(token[0]))
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ValueError(f"the example {text!r} of {tool.name} can't be read: {error}") from None
    return Example(tool.name, compiled, numbers, frozenset(free), tool.whole)


def _type(schema: Any) -> str:
    if not isinstance(schema, Mapping):
        return ""
    kind = schema.get("type")
    if isinstance(kind, str):
        return kind
    for one in schema.get("anyOf") or ():
        if isinstance(one, Mapping) and one.get("type") not in (None, "null"):
            return str(one["type"])
    return ""
