"""Names that every model takes: ``[a-zA-Z0-9_-]``, 1 to 64 of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2s

from kaikou.tools.ports import ToolSpec

_LONGEST = 64
_UNSAFE = re.compile(r"[^a-zA-Z0-9_-]+")


@lru_cache(maxsize=4096)
def safe_name(name: str) -> str:
    """The name with what is not allowed as ``_``; one that lost something gets a few characters of the
    whole's digest, so that 开灯 and 关灯 stay two."""
    safe = _UNSAFE.sub("_", name).strip("_")
    if len(safe) <= _LONGEST and safe and not any(ord(letter) > 127 for letter in name):
        return safe
    digest = blake2s(name.encode(), digest_size=4).hexdigest()
    return f"{safe[: _LONGEST - 9] or 'tool'}_{digest}"


def by_safe_name(specs: Iterable[ToolSpec]) -> dict[str, ToolSpec]:
    """The tools by the name the model knows them by. Of two that would be called the same, the first
    keeps the name, and the other has its source's before it."""
    named: dict[str, ToolSpec] = {}
    for spec in specs:
        name = safe_name(spec.tool.name)
        if name in named:
            name = safe_name(f"{spec.source}_{spec.tool.name}")
        if name in named:
            name = safe_name(f"{spec.source}_{spec.tool.name}_{blake2s(spec.id.encode()).hexdigest()[:8]}")
        named.setdefault(name, spec)
    return named
