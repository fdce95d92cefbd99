"""Louder and quieter, as people say it."""

from __future__ import annotations

import re

_UP = (
    r"louder|turn (?:\w+ ){0,3}up|volume up|sound up|up the (?:volume|sound)|pump \w+ up|crank\w*|speak up"
    r"|raise|increase|(?:can't|cannot|can not|hardly|barely) (?:\w+ )?hear|too (?:quiet|low|soft)|unmute"
    r"|大声|大点|大些|[大高响]一?[点些]|再[大高响]|调[大高]|加大|开大|放大|增大|提高|升高|[往向]上|听不[清见到]|太[小轻低]|[更再]响"
    r"|取消静音|声音?加"
)
_DOWN = (
    r"quieter|softer|turn (?:\w+ ){0,3}down|volume down|sound down|too loud|not (?:so|that|as) loud"
    r"|less (?:loud|noise)|lower|reduce|decrease|drop|keep (?:\w+ )?voice down|more quiet|hush|pipe down"
    r"|小声|小点|小些|[小低轻]一?[点些]|再[小低轻]|调[小低]|减小|关小|降低|放低|[往向]下"
    r"|太[大吵响高]|吵死|别那么[响吵大]|安静|轻声|嗓门小"
)
_OFF = r"\bmute\b|\bsilent\b|静音|消音"
_MUCH = re.compile(r"\bmuch\b|\ba lot\b|\bway\b|很多|得多|多一些|好多")
CHANGE = rf"(?:{_UP}|{_DOWN}|{_OFF})"
"""What tells which way, in lower case without marks."""
STEP = 15
"""In hundredths of full loudness: a change that is heard. Twice as much is a lot."""


def change_said(words: str) -> int | None:
    """By how much louder (or, below 0, quieter) ``words`` want it; -100 is silence. None: they don't say."""
    plain = words.lower().replace("’", "'")
    found = [(at.start(), way) for way, said in ((1, _UP), (-1, _DOWN)) for at in re.finditer(said, plain)]
    if not found:
        return -100 if re.search(_OFF, plain) else None
    # Who says why before what wants the last: "too loud, turn it down" is clear either way.
    step = 2 * STEP if _MUCH.search(plain) else STEP
    return max(found)[1] * step
