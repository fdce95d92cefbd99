"""Build hook of the wheel: the web page is built from ``frontend/`` before files are collected."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parent / "scripts"))
import page


class PageBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs for wheels and editable installs. pip runs it twice (once for metadata): the second
    time, and whenever the sources did not change, it returns at once."""

    def dependencies(self) -> list[str]:
        """Node.js comes as a wheel, and only where the page must be built and the machine has none."""
        return [] if page.fresh() or page.system_node() else [page.NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        page.build()
