"""A tool's examples as patterns: "set the volume to {percent}" finds the tool and its argument at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kaikou.engines.ports import Tool
from kaikou.intent.numbers import PATTERN, SHARE, number
from kaikou.intent.words import core

_SLOT = re.compile(r"\{(\w+)\}")
_FREE = r"(?!(?:is|are|was|were|be|has|have|with|at|in|on|and|or|of|for|by)\b)\S.{0,39}?"
"""Any words but those that go on with a sentence: "play Clair de Lune", not "play is important"."""
_NUMBERS = frozenset({"integer", "number"})


@dataclass(frozen=True, slots=True)
class Example:
    """``free``: it has a place for any words, so that much else fits it, too."""

    tool: str
    pattern: re.Pattern[str]
    numbers: frozenset[str]
    free: bool

    def arguments(self, said: str) -> dict[str, Any] | None:
        """What ``said`` (its core) gives for the places; None where it doesn't fit."""
        found = self.pattern.fullmatch(said)
        if found is None:
            return None
        values: dict[str, Any] = {}
        for name, text in found.groupdict().items():
            value = number(text) if name in self.numbers else text.strip()
            if value is None or value == "":
                return None
            values[name] = value
        return values


def example_of(tool: Tool, text: str) -> Example:
    """A place is a parameter of the tool; numbers are read where it takes one."""
    properties: Mapping[str, Any] = tool.parameters.get("properties") or {}
    numbers = frozenset(name for name, schema in properties.items() if _type(schema) in _NUMBERS)
    names = _SLOT.findall(text)
    marked = iter(range(len(names)))
    words = core(_SLOT.sub(lambda _: f" qq{next(marked)}qq ", text))
    pattern = ""
    for part in re.split(r"\s*(qq\d+qq)\s*", words):
        if re.fullmatch(r"qq\d+qq", part):
            name = names[int(part[2:-2])]
            kind = (SHARE if name == "percent" else PATTERN) if name in numbers else _FREE
            pattern += rf"\s*(?P<{name}>{kind})\s*"
        else:
            pattern += re.escape(part)
    return Example(tool.name, re.compile(pattern), numbers, bool(set(names) - numbers))


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
