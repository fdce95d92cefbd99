"""Cuts a reply, as it is written, into clauses to be spoken.

The first clause is short, because nothing is heard before it is synthesised; later ones grow,
because longer stretches sound more natural and the sound already playing buys the time. For the same reason
the first clause ends with its mark, without a look at what follows it, wherever a letter stands before
the mark: a token is a tenth of a second of a local model's time. A later clause that is in a *hurry* (the
sound before it is running out, and the voice has nothing else to do) ends as early as makes sense.
Lengths are counted in units (``dialogue/units.py``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from kaikou.dialogue.units import HANZI, UNIT, count_units

_SENTENCE_END = frozenset("。！？!?…\n")
_CLAUSE_END = frozenset("，、；：,;:—")
_OPENING = frozenset('"“‘「『（([')
_CLOSING = "\"'”’」』）)]"
_ABBREVIATIONS = frozenset(
    "mr mrs ms dr prof ph st vs etc e.g i.e no jr sr inc ltd co mt fig approx dept est "
    "a.m p.m u.s u.k".split()
)
_CONNECTORS = frozenset(
    "and or but so because if when while that which who to of in on at for from with by about as than "
    "和 但 而 或 因 所 如 在 把 被 给 对 从 向 跟 与".split()
)
_SLACK = 3
"""Units by which a clause may pass its limit when its mark is known to be near."""


@dataclass(frozen=True, slots=True)
class ClauseLimits:
    """Least units after which a clause may end at a comma, and most units before it is cut at a word
    boundary: of the first clause, the least and the greatest such limits of those after it.

    In between a clause may be as long as all before it together. Where model and voice share two cores,
    a word takes them a fifth of a second and is heard for a third of one: a longer clause would come after
    the sound before it has run out.
    """

    first: tuple[int, int] = (1, 5)
    second: tuple[int, int] = (4, 9)
    later: tuple[int, int] = (10, 36)

    hurried: tuple[int, int] = (2, 6)
    """The same of a clause in a hurry. (Fewer words take longer to be made than they are heard.)"""

    def of(self, before: int, *, hurry: bool = False) -> tuple[int, int]:
        """For the clause that ``before`` units came before."""
        if not before:
            return self.first
        if hurry:
            return self.hurried
        least = min(max(self.second[0], before // 2), self.later[0])
        return least, min(max(self.second[1], before), self.later[1])


@dataclass(frozen=True, slots=True)
class Clause:
    """``text`` to speak, found at [start, end) of all text fed so far."""

    text: str
    start: int
    end: int


class ClauseSplitter:
    """Feed text as it comes; take clauses as soon as they are complete."""

    def __init__(self, limits: ClauseLimits = ClauseLimits()) -> None:
        self._limits = limits
        self._buffer = ""
        self._offset = 0
        self._before = 0
        """Units of the clauses so far."""

    def feed(self, text: str, *, hurry: bool = False) -> list[Clause]:
        """``hurry``: the first clause that ``text`` completes had better come soon."""
        self._buffer += text
        clauses: list[Clause] = []
        while (cut := self._cut(hurry=hurry and not clauses)) is not None:
            _, most = self._limits.of(self._before)
            if count_units(self._buffer[:cut]) > most + _SLACK:
                # Much came at once, and its first mark is far away.
                cut = self._forced(most) or cut
            clauses.extend(self._take(cut))
        return clauses

    def finish(self) -> list[Clause]:
        """What remains, as a last clause."""
        return self._take(len(self._buffer))

    def _take(self, cut: int) -> list[Clause]:
        piece, self._buffer = self._buffer[:cut], self._buffer[cut:]
        start = self._offset
        self._offset += cut
        units = count_units(piece)
        if units == 0:
            return []
        self._before += units
        return [Clause(piece.strip(), start, start + cut)]

    def _cut(self, *, hurry: bool) -> int | None:
        """Index after the clause's last character, or None while it is not complete."""
        text = self._buffer
        # Few hanzi say little, and are written quickly.
        hurry = hurry and HANZI.search(text) is None
        least, most = self._limits.of(self._before, hurry=hurry)
        # A number may go on behind its mark (3.5, 1,000) and a quotation ends behind it; a word hardly ever
        # goes on.
        hurried = (hurry or not self._before) and text[-2:-1].isalpha() and _OPENING.isdisjoint(text)
        for position, character in enumerate(text):
            end = position + 1
            if character in _SENTENCE_END:
                if end == len(text) and character != "\n" and not hurried:
                    break  # more marks may follow ("?!", "……")
                if end < len(text) and text[end] in _SENTENCE_END:
                    continue
                if count_units(text[:end]):
                    return self._with_closing(end)
            elif character == ".":
                after = self._with_closing(end)
                if after == len(text) and not (hurried and after == end):
                    break  # "3." may become "3.5"
                ends = after == len(text) or text[after].isspace()
                ends = ends and not self._abbreviates(text[:position])
                if ends and count_units(text[:end]):
                    return after
            elif character in _CLAUSE_END:
                if character in ",:" and (end == len(text) or not text[end].isspace()):
                    if end == len(text) and not hurried:
                        break
                    if end < len(text):
                        continue  # 1,000 or 10:30
                if count_units(text[:end]) >= least:
                    return end
        return self._forced(most, hurry=hurry and self._before > 0)

    def _forced(self, most: int, *, hurry: bool = False) -> int | None:
        """Too long without a mark: cut before the unit that would exceed ``most``, or, in a ``hurry``, before
        the first connecting word that leaves enough."""
        units = list(UNIT.finditer(self._buffer))
        if hurry:
            for unit in units[most // 2 + 1 : -1]:  # the last one may still be growing
                if unit.group().lower() in _CONNECTORS:
                    return unit.start()
        # The unit beyond the limit must have begun, or the last word may still be growing.
        if len(units) <= most:
            return None
        # A breath before a connecting word sounds meant; one after it sounds broken.
        for unit in reversed(units[most // 2 + 1 : most + 1]):
            if unit.group().lower() in _CONNECTORS:
                return unit.start()
        return units[most].start()

    def _with_closing(self, end: int) -> int:
        """Closing quotes and brackets belong to the sentence they close."""
        while end < len(self._buffer) and self._buffer[end] in _CLOSING:
            end += 1
        return end

    @staticmethod
    def _abbreviates(before: str) -> bool:
        word = re.search(r"[\w.]+$", before)
        if word is None:
            return False
        found = word.group().lower()
        return (
            found in _ABBREVIATIONS
            or (len(found) == 1 and found.isalpha())
            or (found.isdigit() and len(found) <= 2)
        )
