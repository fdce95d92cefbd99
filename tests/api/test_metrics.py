"""What is counted is what happened."""

from __future__ import annotations

import asyncio

from prometheus_client import generate_latest

from kaikou.api.metrics import Telemetry
from kaikou.dialogue.events import Metrics, Stage
from kaikou.engines.metering import LaneLoad, PoolSnapshot, Totals
from kaikou.engines.ports import Card, Health, Lane


def scraped(telemetry: Telemetry) -> dict[str, float]:
    lines = generate_latest(telemetry.registry).decode().splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line[0] != "#")}


def test_a_turn_is_counted_with_queue_time_apart() -> None:
    telemetry = Telemetry()
    stages = (Stage("transcript", -0.1, 0.3, queued=0.12), Stage("first_audio", 0.5, 0.9))
    telemetry.turn("realtime", Metrics("turn_1", "reply_1", stages, 0.9, speculations=2))
    found = scraped(telemetry)
    assert found['kaikou_turns_total{surface="realtime"}'] == 1
    assert found['kaikou_turn_stage_seconds_sum{stage="transcript"}'] == 0.3
    assert found['kaikou_turn_queue_seconds_sum{stage="transcript"}'] == 0.12
    assert found['kaikou_turn_queue_seconds_sum{stage="first_audio"}'] == 0
    assert found["kaikou_turn_seconds_sum"] == 0.9
    assert found["kaikou_speculations_thrown_away_total"] == 2


def test_the_pool_and_the_engines_are_read_at_each_scrape() -> None:
    telemetry = Telemetry()
    totals = {("tts", Lane.BATCH): Totals(finished=3, cancelled=1, queued=2.5, ran=7.0)}
    lanes = {Lane.LIVE: LaneLoad(waiting=4, running=2, limit=256, oldest=0.25)}
    telemetry.add_pool(lambda: PoolSnapshot(totals, lanes))
    states = [(Card("stt", "whisper", "Whisper"), Health("loading"))]
    telemetry.add_engines(lambda: states)
    telemetry.add_gauges(lambda: {"kaikou_sessions": ("Live sessions now.", 7.0)})
    found = scraped(telemetry)
    assert found['kaikou_pool_waiting{lane="live"}'] == 4
    assert found['kaikou_pool_oldest_seconds{lane="live"}'] == 0.25
    assert found['kaikou_pool_work_total{kind="tts",lane="batch",outcome="finished"}'] == 3
    assert found['kaikou_pool_queued_seconds_total{kind="tts",lane="batch"}'] == 2.5
    assert found['kaikou_pool_model_seconds_total{kind="tts",lane="batch"}'] == 7.0
    assert found['kaikou_engine_ready{kind="stt",name="whisper",state="loading"}'] == 0
    states[0] = (states[0][0], Health("ready"))
    assert scraped(telemetry)['kaikou_engine_ready{kind="stt",name="whisper",state="ready"}'] == 1
    assert found["kaikou_sessions"] == 7


async def test_the_loop_s_lag_is_sampled() -> None:
    telemetry = Telemetry()
    watching = asyncio.create_task(telemetry.watch_loop())
    async with asyncio.timeout(10):
        while not scraped(telemetry)["kaikou_event_loop_lag_seconds_count"]:
            await asyncio.sleep(0.05)
    watching.cancel()
