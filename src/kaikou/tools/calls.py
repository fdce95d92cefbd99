"""The last calls of every tool, for the page."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

MOST_TOOLS = 1_000
CLIPPED = 500


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call as it went."""

    at: datetime
    agent_id: str
    conversation_id: str
    arguments: str
    """As the model wrote them, clipped."""
    seconds: float
    failed: bool
    text: str
    """What it gave, clipped."""


def clipped(text: str, longest: int = CLIPPED) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


class CallLog:
    """The last ``keep`` calls of each tool; the tools longest unused are forgotten first."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._calls: OrderedDict[str, deque[CallRecord]] = OrderedDict()

    def add(self, tool_id: str, record: CallRecord) -> None:
        calls = self._calls.setdefault(tool_id, deque(maxlen=self._keep))
        calls.append(record)
        self._calls.move_to_end(tool_id)
        while len(self._calls) > MOST_TOOLS:
            self._calls.popitem(last=False)

    def of(self, tool_id: str) -> Sequence[CallRecord]:
        """Oldest first."""
        return tuple(self._calls.get(tool_id, ()))

    def last_error(self, tool_id: str) -> str:
        """What the last failed call said; empty where the last call went well."""
        calls = self._calls.get(tool_id)
        return calls[-1].text if calls and calls[-1].failed else ""
