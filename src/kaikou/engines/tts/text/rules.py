"""A rule of normalisation: a pattern in the text, and how it is said."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Say = Callable[[re.Match[str]], str | None]
"""The spoken form of a match; None where the rule does not apply after all."""


@dataclass(frozen=True, slots=True)
class Rule:
    """``pattern`` is tried at a position; the first rule that applies there wins."""

    pattern: re.Pattern[str]
    say: Say


def first_match(rules: Sequence[Rule], text: str, at: int, end: int) -> tuple[str, int] | None:
    """(spoken form, end of the match) of the first rule that applies at ``at``."""
    for rule in rules:
        match = rule.pattern.match(text, at, end)
        if match and match.end() > at and (spoken := rule.say(match)) is not None:
            return spoken, match.end()
    return None
