"""What ``kaikou doctor`` found out about one thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["ok", "warning", "failed"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. ``hint`` says what to do where it is not well."""

    area: str
    what: str
    verdict: Verdict
    detail: str
    hint: str = ""
