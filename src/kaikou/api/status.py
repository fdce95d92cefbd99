"""What the server says of itself in plain facts, before and after its parts are there."""

from __future__ import annotations

from typing import Any

from kaikou.machine import gpu_available, kaikou_version, memory_usage


def wants_json(accept: str) -> bool:
    """True where an ``Accept`` header asks for JSON and not for a page."""
    return "application/json" in accept and "text/html" not in accept


def liveness(*, model_loaded: bool) -> dict[str, Any]:
    """The body of ``/health``: the process answers. A superset of the MegaTTS3 server's fields."""
    return {
        "status": "healthy",
        "service": "kaikou",
        "version": kaikou_version(),
        "model_loaded": model_loaded,
        "gpu_available": gpu_available(),
        "memory_usage": memory_usage(),
    }
