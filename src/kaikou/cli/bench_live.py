"""Runs behind ``kaikou bench live``, one after the other, and their table."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import typer

from kaikou.audio.pcm import Pcm
from kaikou.cli import console
from kaikou.cli.load import run
from kaikou.cli.load_figures import summary
from kaikou.cli.load_values import Load
from kaikou.cli.watch import Spent, Watch
from kaikou.machine import about_machine, kaikou_version

if TYPE_CHECKING:
    from kaikou.engines.ports import Progress

LAG_MS = 5.0
"""A bench that sends later than this, at the 95th percentile, measures itself."""


async def measure(
    load: Load, counts: Sequence[int], voice: Pcm, pid: int | None, progress: Progress
) -> list[dict[str, Any]]:
    """One run for each number of sessions."""
    watch = Watch(load.url, pid)
    await asyncio.to_thread(watch.idle)
    rows = []
    for step, count in enumerate(counts):
        progress(f"{count} session{'s' if count > 1 else ''}", step / len(counts))
        rows.append(await _one(replace(load, sessions=count), voice, watch))
    return rows


async def _one(load: Load, voice: Pcm, watch: Watch) -> dict[str, Any]:
    spent: Spent | None = None

    async def during(seconds: float) -> None:
        nonlocal spent
        spent = await watch.during(seconds)

    callers = await run(load, voice, during)
    inside = sum(not caller.refused for caller in callers)
    return summary(load, callers) | {"server": spent.figures(inside) if spent else None}


def report(load: Load, voice: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """What is written as JSON: how it was measured, on what, and the runs."""
    asked = {
        "seconds": load.seconds,
        "every": load.every,
        "think": None if load.every else load.think,
        "pause": load.pause,
        "interrupt": load.interrupt,
        "redial": load.redial,
        "silence_ms": load.silence_ms,
        "expected": load.expected,
    }
    return {
        "url": load.url,
        "wire": load.wire.name,
        "voice": voice,
        "load": asked,
        "kaikou": kaikou_version(),
        "machine": about_machine(),
        "runs": rows,
    }


def socket_url(url: str, path: str) -> str:
    """``http://host:8000`` is ``ws://host:8000`` and the wire's ``path``."""
    parts = urlsplit(url)
    schemes = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
    if parts.scheme not in schemes or not parts.netloc:
        raise typer.BadParameter("write it like http://127.0.0.1:8000", param_hint="--url")
    path = parts.path if parts.path.strip("/") else path
    return urlunsplit((schemes[parts.scheme], parts.netloc, path, parts.query, ""))


def print_runs(rows: list[dict[str, Any]]) -> None:
    """The table, and what has to be said about it."""
    from rich.table import Table

    interrupted = any("interruption_ms" in row for row in rows)
    table = Table(box=None, pad_edge=False, header_style="bold")
    columns = ["sessions", "answered", "latency p50", "p95", "added p50", "p95", "lag p95", "max"]
    columns += ["CPU %", "CPU ms/s", "MB", "MB each"] + (
        ["cut p50", "p95", "told p50"] if interrupted else []
    )
    for column in columns:
        table.add_column(column, justify="right")
    for row in rows:
        table.add_row(*("–" if cell is None else str(cell) for cell in _cells(row, interrupted)))
    console.stdout().print(table)
    console.note(
        "Times in milliseconds. CPU is percent of one core, and milliseconds for each second of a session; "
        "MB each is what a session needs above the idle server."
    )
    for row in rows:
        for remark in _remarks(row):
            console.note(remark)


def _cells(row: dict[str, Any], interrupted: bool) -> list[Any]:
    server = row["server"] or {}
    cells = [
        row["sessions"] - row["refused"],
        f"{row['answered']}/{row['turns']}",
        *(row[kind][part] for kind in ("latency_ms", "added_ms") for part in ("p50", "p95")),
        *(row["send_lag_ms"][part] for part in ("p95", "max")),
        *(
            server.get(name)
            for name in ("cpu_percent", "cpu_ms_per_session_second", "memory_mb", "mb_per_session")
        ),
    ]
    if interrupted:
        cut = row["interruption_ms"]
        cells += [cut["cut"]["p50"], cut["cut"]["p95"], cut["told"]["p50"]]
    return cells


def _remarks(row: dict[str, Any]) -> list[str]:
    remarks, at = [], f"{row['sessions']} sessions: "
    if row["refused"]:
        remarks.append(f"{at}{row['refused']} refused: {row['refusal']}")
    if row["refusals"] > row["refused"]:
        remarks.append(f"{at}callers were turned away {row['refusals']} times")
    if row["early"]:
        remarks.append(f"{at}{row['early']} turns answered before they were over")
    if row["overrun"]:
        remarks.append(f"{at}{row['overrun']} answers still went on when the next turn began")
    late = row.get("interruption_ms", {}).get("too_late")
    if late:
        remarks.append(f"{at}{late} interruptions came after the reply's last audio; use a longer reply")
    lag = row["send_lag_ms"]["p95"]
    if lag is not None and lag > LAG_MS:
        remarks.append(f"{at}the bench itself sent {lag} ms late: it is a bottleneck here")
    return remarks + [f"{at}error: {error}" for error in row["first_errors"]]
