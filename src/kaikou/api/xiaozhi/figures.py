"""What the devices' surface counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Figures:
    """Counters since the start, by reason. Written on the event loop, read at a scrape."""

    dropped: Counter[str] = field(default_factory=Counter)
    """Messages and packets of devices that could not be used."""
    refused: Counter[str] = field(default_factory=Counter)
    """Connections refused before they began."""
    ended: Counter[str] = field(default_factory=Counter)
    """Connections that ended, by how."""
    connected: int = 0
    """Connections now."""
