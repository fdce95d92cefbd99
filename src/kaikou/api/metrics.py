"""``/metrics``: the server's figures for Prometheus.

Sessions, turns, the latency of every stage with queue time apart, the pool's lanes, how late the
event loop is, each engine's state, and the process itself.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Mapping

from fastapi import APIRouter
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.responses import Response

from kaikou.dialogue.events import Metrics
from kaikou.engines.metering import PoolSnapshot
from kaikou.engines.ports import Card, Health

LATENCY_BUCKETS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0)
LAG_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0)
LAG_TICK_SECONDS = 0.25
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

States = Callable[[], Iterable[tuple[Card, Health]]]


class Telemetry:
    """The figures of one running server. Feed it every turn's waterfall."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._turns = Counter(
            "kaikou_turns", "Turns of users that got a spoken answer.", ["surface"], registry=self.registry
        )
        self._stages = Histogram(
            "kaikou_turn_stage_seconds",
            "Seconds from the end of speech until a stage was done.",
            ["stage"],
            buckets=LATENCY_BUCKETS,
            registry=self.registry,
        )
        self._queues = Histogram(
            "kaikou_turn_queue_seconds",
            "Seconds of a stage spent waiting for a thread, apart from model time.",
            ["stage"],
            buckets=LATENCY_BUCKETS,
            registry=self.registry,
        )
        self._total = Histogram(
            "kaikou_turn_seconds",
            "Seconds from the end of speech to the first audio of the reply.",
            buckets=LATENCY_BUCKETS,
            registry=self.registry,
        )
        self._thrown_away = Counter(
            "kaikou_speculations_thrown_away",
            "Replies begun before the turn was over and thrown away unheard.",
            registry=self.registry,
        )
        self._lag = Histogram(
            "kaikou_event_loop_lag_seconds",
            "How late the event loop runs its timers.",
            buckets=LAG_BUCKETS,
            registry=self.registry,
        )

    def turn(self, surface: str, metrics: Metrics) -> None:
        """Count one turn's waterfall; cheap, called on the event loop."""
        self._turns.labels(surface).inc()
        for stage in metrics.stages:
            self._stages.labels(stage.name).observe(max(0.0, stage.end))
            self._queues.labels(stage.name).observe(stage.queued)
        self._total.observe(max(0.0, metrics.total))
        self._thrown_away.inc(metrics.speculations)

    async def watch_loop(self) -> None:
        """Sample the event loop's lag until cancelled."""
        while True:
            due = time.perf_counter() + LAG_TICK_SECONDS
            await asyncio.sleep(LAG_TICK_SECONDS)
            self._lag.observe(max(0.0, time.perf_counter() - due))

    def add_pool(self, snapshot: Callable[[], PoolSnapshot]) -> None:
        """Read the pool's lanes at each scrape."""
        self.registry.register(_Reading(lambda: _pool(snapshot())))

    def add_engines(self, states: States) -> None:
        """Read each engine's health at each scrape."""
        self.registry.register(_Reading(lambda: _engines(states())))

    def add_gauges(self, read: Callable[[], dict[str, tuple[str, float]]]) -> None:
        """Gauges read at each scrape: name -> (help, value)."""
        self.registry.register(_Reading(lambda: _gauges(read())))

    def add_counts(self, name: str, text: str, label: str, read: Callable[[], Mapping[str, int]]) -> None:
        """A counter, its values by ``label`` read at each scrape."""
        self.registry.register(_Reading(lambda: _counts(name, text, label, read())))


class _Reading(Collector):
    """Metrics made when they are asked for."""

    def __init__(self, read: Callable[[], Iterator[Metric]]) -> None:
        self._read = read

    def collect(self) -> Iterator[Metric]:
        return self._read()

    def describe(self) -> Iterator[Metric]:
        """Nothing is known before the first scrape."""
        return iter(())


def _pool(pool: PoolSnapshot) -> Iterator[Metric]:
    lanes = {
        "waiting": GaugeMetricFamily("kaikou_pool_waiting", "Work that waits for a thread.", labels=["lane"]),
        "running": GaugeMetricFamily("kaikou_pool_running", "Work being done.", labels=["lane"]),
        "limit": GaugeMetricFamily("kaikou_pool_queue_limit", "Work that may wait.", labels=["lane"]),
        "oldest": GaugeMetricFamily(
            "kaikou_pool_oldest_seconds", "Wait of the oldest in line.", labels=["lane"]
        ),
    }
    for lane, load in pool.lanes.items():
        for name, family in lanes.items():
            family.add_metric([lane.name.lower()], getattr(load, name))
    yield from lanes.values()
    work = CounterMetricFamily("kaikou_pool_work", "Work by outcome.", labels=["kind", "lane", "outcome"])
    queued = CounterMetricFamily("kaikou_pool_queued_seconds", "Time spent waiting.", labels=["kind", "lane"])
    ran = CounterMetricFamily("kaikou_pool_model_seconds", "Time spent in models.", labels=["kind", "lane"])
    for (kind, lane), totals in pool.totals.items():
        labels = [kind, lane.name.lower()]
        for outcome in ("finished", "failed", "cancelled", "refused"):
            work.add_metric([*labels, outcome], getattr(totals, outcome))
        queued.add_metric(labels, totals.queued)
        ran.add_metric(labels, totals.ran)
    yield from (work, queued, ran)


def _engines(states: Iterable[tuple[Card, Health]]) -> Iterator[Metric]:
    family = GaugeMetricFamily(
        "kaikou_engine_ready", "1 where the engine can work.", labels=["kind", "name", "state"]
    )
    for card, health in states:
        family.add_metric([card.kind, card.name, health.state], float(health.state in {"ready", "degraded"}))
    yield family


def _gauges(read: dict[str, tuple[str, float]]) -> Iterator[Metric]:
    for name, (text, value) in read.items():
        yield GaugeMetricFamily(name, text, value=value)


def _counts(name: str, text: str, label: str, read: Mapping[str, int]) -> Iterator[Metric]:
    family = CounterMetricFamily(name, text, labels=[label])
    for value, count in sorted(read.items()):
        family.add_metric([value], count)
    yield family


def metrics_router(telemetry: Telemetry) -> APIRouter:
    """``GET /metrics`` in Prometheus' text format."""
    router = APIRouter(tags=["operations"])

    @router.get("/metrics", response_class=Response, summary="Figures for Prometheus")
    async def metrics() -> Response:
        text = await asyncio.to_thread(generate_latest, telemetry.registry)
        return Response(text, media_type=CONTENT_TYPE)

    return router
