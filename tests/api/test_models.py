"""What the page knows of downloads, on a whole server whose model comes from a server beside it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from engines.weights.packages import hub, model
from test_server import Running, running

from kaikou.engines.weights.transfers import Transfers


async def listed(server: Running) -> dict[str, dict[str, Any]]:
    body = (await server.client.get("/api/models")).json()
    return {one["id"]: one for one in body["models"]}


async def test_models_are_listed_with_what_they_are_for(tmp_path: Path) -> None:
    async with running(tmp_path, models={"folder": tmp_path / "m"}) as server:
        await server.until_ready()
        found = await listed(server)
        kokoro = found["kokoro-82m"]
        assert (kokoro["kind"], kokoro["state"], kokoro["needed"]) == ("tts", "missing", False)
        assert kokoro["purpose"] and kokoro["licence"]["weights"] and kokoro["size"] == kokoro["total"]
        assert kokoro["done"] == 0 and kokoro["error"] is None
        nothing = await server.client.post("/api/models/retry", json={})
        assert nothing.status_code == 409 and nothing.json()["code"] == "nothing_failed"
        unknown = await server.client.post("/api/models/retry", json={"model": "x"})
        assert unknown.status_code == 404


async def test_a_failed_download_is_told_and_tried_again(tmp_path: Path) -> None:
    changes = {"stt": {"engine": "whisper"}, "models": {"folder": tmp_path / "m", "offline": True}}
    async with running(tmp_path, **changes) as server:
        async with asyncio.timeout(60):
            while (await server.client.get("/api/health")).json()["status"] == "starting":
                await asyncio.sleep(0.05)
        found = await listed(server)
        failed = next(one for one in found.values() if one["state"] == "failed")
        assert failed["kind"] == "stt" and failed["needed"] and failed["error"]["hint"]
        for body in ({"model": failed["id"]}, {"kind": "stt"}, None):
            again = await server.client.post("/api/models/retry", json=body)
            assert (again.status_code, again.json()) == (202, {"retried": ["stt"]})
            async with asyncio.timeout(60):
                while "failed" not in {one["state"] for one in (await listed(server)).values()}:
                    await asyncio.sleep(0.02)
                while (await server.client.get("/api/health")).json()["services"]["stt"] != "unhealthy":
                    await asyncio.sleep(0.02)


def test_the_speed_is_that_of_the_last_moments() -> None:
    now = 0.0
    transfers = Transfers(lambda: now)
    tiny = model({"a": b"x" * 1000}, hub())
    transfers.begin(tiny)
    assert transfers.of_kind(tiny.role) is not None
    transfers.source(tiny, "huggingface")
    for now, done in ((0.0, 0), (1.0, 100), (2.0, 200), (10.0, 200), (11.0, 600)):
        transfers.got(tiny, done, 1000)
    found = transfers.get(tiny.id)
    assert found is not None and (found.state, found.source, found.done) == (
        "downloading",
        "huggingface",
        600,
    )
    assert found.rate == pytest.approx(400.0) and found.remaining == pytest.approx(1.0)
    transfers.ended(tiny)
    assert transfers.get(tiny.id) is None and transfers.of_kind(tiny.role) is None
