"""Of what ended a socket's tasks together, the exception that says why."""

from __future__ import annotations

from typing import TypeVar

End = TypeVar("End", bound=BaseException)


def first_of(group: BaseExceptionGroup[End]) -> End:
    """The first exception of a group that may hold groups."""
    found: End | BaseExceptionGroup[End] = group
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return found
