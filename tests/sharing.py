"""Which of two processes runs which tests: pytest-xdist's ``--dist loadfile``, with two groups.

A file stays whole, since its tests share servers and models. The browser's files are all one process's, which
begins with them: calls in real time go on beside everything else, but not beside each other. The files whose
models want all cores and memory are all one process's too, and come last; those of the browser come first.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from xdist.scheduler import LoadFileScheduling

BROWSER, MODELS = "tests/e2e/", "models"


class FilesAndGroups(LoadFileScheduling):  # type: ignore[misc]
    """Hands files and groups out in the order that ``in_order`` gave them."""

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid.split("::", 1)[0])


def group(file: str) -> str:
    if file.startswith(BROWSER):
        return BROWSER
    return MODELS if _with_models(file) else file


def in_order(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> tuple[int, bool]:
        file = item.nodeid.split("::", 1)[0]
        return ([BROWSER, file, MODELS].index(group(file)), not _with_models(file))

    items.sort(key=place)


@cache
def _with_models(file: str) -> bool:
    """Told by its text, since who hands out has only the names of the tests."""
    return "pytest.mark.models" in (Path(__file__).parents[1] / file).read_text(encoding="utf-8")
