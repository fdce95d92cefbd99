"""Which of two processes runs which tests: pytest-xdist's ``--dist loadfile``, with one group more.

A file stays whole, since its tests share servers and models. The browser's files are all one process's, which
begins with them: calls in real time go on beside everything else, but not beside each other. Models, which
want all cores, come first in the browser's files and last in the others, so that they seldom meet.
"""

from __future__ import annotations

import pytest
from xdist.scheduler import LoadFileScheduling

BROWSER = "tests/e2e/"


class FilesAndOneBrowser(LoadFileScheduling):  # type: ignore[misc]
    """Hands out files in the order in which ``in_order`` left them."""

    def _split_scope(self, nodeid: str) -> str:
        return BROWSER if nodeid.startswith(BROWSER) else _file(nodeid)


def in_order(items: list[pytest.Item]) -> None:
    models = {_file(item.nodeid) for item in items if item.get_closest_marker("models")}

    def place(item: pytest.Item) -> tuple[bool, bool]:
        browser = item.nodeid.startswith(BROWSER)
        return not browser, (_file(item.nodeid) in models) != browser

    items.sort(key=place)


def _file(nodeid: str) -> str:
    return nodeid.split("::", 1)[0]
