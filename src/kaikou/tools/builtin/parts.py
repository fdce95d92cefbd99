"""What a built-in tool's file is given."""

from __future__ import annotations

from dataclasses import dataclass

from kaikou.settings.services import ToolSettings
from kaikou.tools.fetch import Fetcher
from kaikou.tools.ports import ToolPorts


@dataclass(frozen=True, slots=True)
class Parts:
    """The settings, HTTP, and what other rooms handed in."""

    settings: ToolSettings
    fetch: Fetcher
    ports: ToolPorts
