"""Names of device tools as language models take them, and back."""

from __future__ import annotations

import re

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")
_LONGEST = 64


def safe_names(names: list[str]) -> dict[str, str]:
    """Safe name -> the device's own, in order. Dots and the like become ``_``; what collides gets a
    number behind."""
    found: dict[str, str] = {}
    for name in names:
        base = _UNSAFE.sub("_", name)[:_LONGEST] or "tool"
        safe, number = base, 1
        while safe in found:
            number += 1
            safe = f"{base[: _LONGEST - 4]}_{number}"
        found[safe] = name
    return found
