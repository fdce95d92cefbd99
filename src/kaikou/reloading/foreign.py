"""What files written for another server import from it: made for one file alone, not in ``sys.modules``."""

from __future__ import annotations

import builtins
import logging
from collections.abc import Callable, Collection, Mapping
from types import ModuleType
from typing import Any


def let_import(
    module: ModuleType,
    relative: Mapping[str, ModuleType],
    whole: Mapping[str, ModuleType],
    *,
    find: Callable[[str], ModuleType | None] = lambda _: None,
    claimed: Collection[str] = (),
) -> None:
    """``relative`` are found as ``..name`` from anywhere, ``whole`` by their dotted names, in any form of
    import; all else is found as usual. Call it before the file is executed.

    ``find`` is asked for a dotted name not in ``whole``. Of packages ``claimed``, what nobody has is said to
    have no counterpart: ImportError, naming it.
    """
    usual = builtins.__import__
    tree = _with_parents(whole)

    def known(name: str, globals: Any = None, locals: Any = None, wanted: Any = (), level: int = 0) -> Any:
        if level:
            return relative[name] if name in relative else usual(name, globals, locals, wanted, level)
        found = tree.get(name) or find(name)
        top = name.partition(".")[0]
        if found is None:
            try:
                return usual(name, globals, locals, wanted, level)
            except ModuleNotFoundError as error:
                if top in claimed and str(error.name).partition(".")[0] == top:
                    raise ModuleNotFoundError(f"{name} has no counterpart in Kaikou", name=name) from None
                raise
        for one in wanted or ():
            if one != "*" and not hasattr(found, one):
                raise ImportError(f"{name}.{one} has no counterpart in Kaikou", name=name)
        return found if wanted else tree[top]

    module.__dict__["__builtins__"] = {**vars(builtins), "__import__": known}


def _with_parents(whole: Mapping[str, ModuleType]) -> dict[str, ModuleType]:
    """The modules and the packages above them, each an attribute of the one above."""
    tree = dict(whole)
    for full in whole:
        name = full
        while "." in name:
            above, _, last = name.rpartition(".")
            setattr(tree.setdefault(above, ModuleType(above)), last, tree[name])
            name = above
    return tree


def module_of(name: str, **members: Any) -> ModuleType:
    """A module made of values."""
    made = ModuleType(name)
    made.__dict__.update(members)
    return made


class LoguruLike:
    """As much of loguru's logger as such files use, on a logger of the standard library:
    ``logger.bind(tag=TAG).info("{} of {}", 1, 2)``."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log

    def bind(self, **_: Any) -> LoguruLike:
        return self

    def opt(self, *_: Any, **__: Any) -> LoguruLike:
        return self

    def exception(self, message: Any, *values: Any, **named: Any) -> None:
        self._log.error("%s", _filled(message, values, named), exc_info=True)

    def __getattr__(self, level: str) -> Callable[..., None]:
        number = {"trace": 5, "success": logging.INFO}.get(level) or logging.getLevelName(level.upper())
        if not isinstance(number, int):
            raise AttributeError(level)

        def write(message: Any, *values: Any, **named: Any) -> None:
            self._log.log(number, "%s", _filled(message, values, named))

        return write


def _filled(message: Any, values: tuple[Any, ...], named: Mapping[str, Any]) -> str:
    said = str(message)
    if not values and not named:
        return said
    try:
        return said.format(*values, **named)
    except (LookupError, ValueError):
        return " ".join([said, *map(str, values)])  # written for the other way of formatting
