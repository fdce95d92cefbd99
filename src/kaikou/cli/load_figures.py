"""The figures of a load: what the callers saw, in milliseconds and counts, JSON-ready."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from kaikou.cli.load_values import Caller, Load


def percentile(values: list[float], share: float) -> float:
    """The value below which ``share`` (0..1) of ``values`` lie; nan for none."""
    return float(np.quantile(values, share)) if values else float("nan")


def summary(load: Load, callers: list[Caller]) -> dict[str, Any]:
    """The figures of one run; times in milliseconds."""
    latencies = _all(caller.latencies for caller in callers)
    by_design = load.silence_ms / 1000 + load.expected
    added = [value - by_design for value in latencies]
    lags = _all(caller.lags for caller in callers)
    errors = [text for caller in callers for text in caller.errors]
    figures: dict[str, Any] = {
        "sessions": load.sessions,
        "refused": sum(bool(caller.refused) for caller in callers),
        "refusals": sum(caller.refusals for caller in callers),
        "refusal": next((caller.refused for caller in callers if caller.refused), None),
        "turns": sum(caller.turns for caller in callers),
        "answered": sum(caller.answered for caller in callers),
        "early": sum(caller.early for caller in callers),
        "overrun": sum(caller.overrun for caller in callers),
        "latency_ms": spread(latencies),
        "added_ms": spread(added),
        "send_lag_ms": spread(lags),
        "connect_ms": spread([one.connecting for one in callers if one.connecting is not None]),
        "errors": len(errors),
        "first_errors": errors[:3],
    }
    if load.interrupt is not None:
        figures["interruption_ms"] = {
            "cut": spread(_all(caller.cuts for caller in callers)),
            "told": spread(_all(caller.told for caller in callers)),
            "measured": sum(len(caller.cuts) for caller in callers),
            "too_late": sum(caller.too_late for caller in callers),
        }
    return figures


def spread(seconds: list[float]) -> dict[str, float | None]:
    """p50, p95 and the largest, in milliseconds; None where there is none."""
    return {
        "p50": milliseconds(percentile(seconds, 0.5)),
        "p95": milliseconds(percentile(seconds, 0.95)),
        "max": milliseconds(max(seconds, default=math.nan)),
    }


def milliseconds(seconds: float) -> float | None:
    return None if math.isnan(seconds) else round(seconds * 1000, 1)


def _all(lists: Iterable[list[float]]) -> list[float]:
    return [value for one in lists for value in one]
