"""The words of health follow from the parts'."""

from __future__ import annotations

import pytest

from kaikou.api.health import Status, overall, service_status
from kaikou.api.status import liveness, wants_json
from kaikou.engines.ports import Health


def services(**changed: Status) -> dict[str, Status]:
    fine: dict[str, Status] = dict.fromkeys(("vad", "turn", "stt", "llm", "tts", "database"), "healthy")
    return fine | changed


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({}, "healthy"),
        ({"llm": "starting"}, "starting"),
        ({"stt": "degraded"}, "degraded"),
        ({"stt": "degraded", "llm": "starting"}, "starting"),
        ({"tts": "unhealthy", "llm": "starting"}, "unhealthy"),
        ({"database": "unhealthy"}, "unhealthy"),
        ({"turn": "unhealthy"}, "degraded"),
        ({"turn": "starting"}, "starting"),
    ],
)
def test_the_worst_part_that_matters_decides(changed: dict[str, Status], status: Status) -> None:
    assert overall(services(**changed)) == status


def test_every_state_of_an_engine_has_a_word() -> None:
    words = {
        state: service_status(Health(state))
        for state in ("waiting", "loading", "ready", "degraded", "failed")
    }
    assert list(words.values()) == ["starting", "starting", "healthy", "degraded", "unhealthy"]


def test_liveness_holds_what_clients_of_the_old_engine_read() -> None:
    told = liveness(model_loaded=True)
    assert {"status", "version", "model_loaded", "gpu_available", "memory_usage"} <= set(told)
    if told["memory_usage"] is not None:
        assert {"total", "used", "free"} <= set(told["memory_usage"])


@pytest.mark.parametrize(
    ("accept", "json"),
    [
        ("application/json", True),
        ("application/json, text/plain, */*", True),
        ("text/html,application/xhtml+xml,*/*;q=0.8", False),
        ("text/html, application/json", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_who_gets_the_page_and_who_the_status(accept: str, json: bool) -> None:
    assert wants_json(accept) is json
