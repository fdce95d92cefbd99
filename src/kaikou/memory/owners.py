"""Whose a memory is, where it is kept: by voice, else by device, else by browser.

An owner is made here, and never taken from a client as it is: what a client says of itself stands behind a
prefix, so that it names no device and no person.
"""

from __future__ import annotations

import re

from kaikou.errors import InvalidInput

SHARED = "browser"
"""Everybody who is not told apart: clients that send no id of a browser."""
_BROWSER = "browser:"
_SPEAKER = "speaker:"
_ID = re.compile(r"[A-Za-z0-9_-]{16,64}")
"""Random enough that nobody guesses another's: the page sends a UUID."""


def checked_browser(browser: str | None) -> str | None:
    """The id that a page keeps in its browser, as it came in. InvalidInput ``invalid_browser``."""
    if browser is not None and not _ID.fullmatch(browser):
        raise InvalidInput(
            "`browser` has 16 to 64 letters, digits, - and _.",
            code="invalid_browser",
            param="browser",
            hint="Send a random UUID that is kept, or leave it out.",
        )
    return browser


def owner_of(speaker: str | None, device_id: str | None, browser: str | None) -> str:
    """Whose memory it is; ``browser`` was checked."""
    if speaker:
        return f"{_SPEAKER}{speaker}"
    return device_id or (f"{_BROWSER}{browser}" if browser else SHARED)


def speaker_in(who: str) -> str | None:
    """The speaker's id in an owner; None where it is none."""
    return who.removeprefix(_SPEAKER) if who.startswith(_SPEAKER) else None


def is_device(who: str) -> bool:
    return who != SHARED and not who.startswith((_BROWSER, _SPEAKER))


def checked_owner(who: str) -> str:
    """An owner that a person names by hand. InvalidInput ``invalid_memory``, ``invalid_browser``."""
    if not 0 < len(who) <= 200:
        raise InvalidInput("`who` has 1 to 200 characters.", code="invalid_memory", param="who")
    if who.startswith(_BROWSER):
        checked_browser(who.removeprefix(_BROWSER))
    return who
