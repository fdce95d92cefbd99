"""What files written for another server import from it: made for one file alone, not in ``sys.modules``."""

from __future__ import annotations

import builtins
import logging
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any


def let_import(
    module: ModuleType, relative: Mapping[str, ModuleType], whole: Mapping[str, ModuleType]
) -> None:
    """``relative`` are found as ``..name`` from anywhere, ``whole`` by their dotted names; all else is found
    as usual. Call it before the file is executed."""
    usual = builtins.__import__

    def known(name: str, globals: Any = None, locals: Any = None, wanted: Any = (), level: int = 0) -> Any:
        if level and name in relative:
            return relative[name]
        if not level and name in whole:
            return whole[name]
        return usual(name, globals, locals, wanted, level)

    module.__dict__["__builtins__"] = {**vars(builtins), "__import__": known}


def module_of(name: str, **members: Any) -> ModuleType:
    """A module made of values."""
    made = ModuleType(name)
    made.__dict__.update(members)
    return made


class LoguruLike:
    """As much of loguru's logger as such files use, on a logger of the standard library."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log

    def bind(self, **_: Any) -> LoguruLike:
        return self

    def __getattr__(self, level: str) -> Callable[..., None]:
        said: Callable[..., None] = getattr(
            self._log, level if level in ("debug", "info", "warning", "error") else "info"
        )
        return said
