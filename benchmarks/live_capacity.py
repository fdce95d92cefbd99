"""Sessions a core carries, side by side: a bare socket (the floor), Kaikou, and Pipecat.

  python benchmarks/live_capacity.py                                  all rows, about 20 minutes
  python benchmarks/live_capacity.py --servers floor,kaikou --sessions 60
  python benchmarks/live_capacity.py --table                          the table of what was measured so far

Every server runs on core 0 and answers from a script without delay; the callers run on core 1: 20 ms of
PCM a frame, one turn each 4 s. The servers of one invocation are started together and measured in turn
for each number of sessions, so that a machine's moods meet all of them. Rows are kept in the JSON file
by server and sessions; a row measured again replaces the old one, with --repeat the run with the median
p95 counts.

Pipecat lives in an environment of its own; name its interpreter with --pipecat, or let
``--install-pipecat`` make one in the cache folder.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import uvloop
from capacity_servers import SERVERS, Running, ensure_pipecat, started
from capacity_table import table

from kaikou.audio.decoding import decode
from kaikou.audio.pcm import Pcm
from kaikou.cli.bench_live import measure
from kaikou.cli.caller_voice import babble
from kaikou.cli.load_values import Load
from kaikou.machine import about_machine, kaikou_version

SPEECH = Path(__file__).parents[1] / "tests/data/speech/zh_what_model_are_you.flac"
RESULTS = Path(__file__).parent / "results" / "live_capacity.json"
EVERY = 4.0
WARM_SECONDS = 2.5


def load_for(running: Running, seconds: float) -> Load:
    """What the callers do."""
    server = running.server
    return Load(
        url=f"ws://127.0.0.1:{running.port}{server.wire.path}",
        wire=server.wire,
        seconds=seconds,
        every=server.every or EVERY,
        interrupt=server.interrupt,
        redial=server.redial,
        silence_ms=200,
    )


def one_run(running: Running, load: Load, sessions: int, voice: Pcm) -> dict[str, Any]:
    """The figures of one run; memory is counted above the process before its first call."""
    ours, busy, stolen, at = running.cpu_seconds(), busy_seconds(), stolen_seconds(), time.perf_counter()
    (row,) = uvloop.run(measure(load, [sessions], voice, running.pid, lambda detail, done: None))
    if busy is not None:
        # What neither server nor callers used: other programs, and what the host took from this machine.
        others = busy_seconds() - busy - (running.cpu_seconds() - ours)
        seconds = time.perf_counter() - at
        row["others_percent"] = round(100 * max(0.0, others) / seconds, 1)
        row["stolen_percent"] = round(100 * (stolen_seconds() - stolen) / seconds, 1)
    if row["server"] and running.idle_mb is not None:
        inside = max(1, sessions - row["refused"])
        each = (row["server"]["memory_mb"] - running.idle_mb) / inside
        row["server"] |= {"idle_mb": running.idle_mb, "mb_per_session": round(each, 2)}
    return row


def busy_seconds() -> float | None:
    """Processor time that was not idle, on all cores, since the machine started; None where unknown."""
    ticks = _ticks()
    return (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK") if ticks else None


def stolen_seconds() -> float:
    """Processor time that the host of a virtual machine gave to others, on all cores."""
    ticks = _ticks()
    return ticks[7] / os.sysconf("SC_CLK_TCK") if ticks else 0.0


def _ticks() -> list[int]:
    stat = Path("/proc/stat")
    return [int(part) for part in stat.read_text().split("\n", 1)[0].split()[1:9]] if stat.exists() else []


def row_of(running: Running, sessions: int, seconds: float, repeat: int) -> dict[str, Any]:
    """The run with the median p95 of ``repeat`` runs."""
    load = load_for(running, seconds)
    voice = decode(SPEECH, 24_000) if running.server.speech else babble()
    runs = [one_run(running, load, sessions, voice) for _ in range(repeat)]
    runs.sort(key=lambda row: row["added_ms"]["p95"] if row["added_ms"]["p95"] is not None else float("inf"))
    return runs[(len(runs) - 1) // 2] | {
        "name": running.server.name,
        "every": load.every,
        "interrupt": load.interrupt,
        "voice": SPEECH.name if running.server.speech else "babble",
        "p95_of_runs": [row["added_ms"]["p95"] for row in runs],
    }


def keep(path: Path, row: dict[str, Any]) -> list[dict[str, Any]]:
    """Add the row to the file; returns all rows."""
    rows = json.loads(path.read_text())["rows"] if path.exists() else []
    rows = [one for one in rows if (one["name"], one["sessions"]) != (row["name"], row["sessions"])]
    rows.append(row)
    path.parent.mkdir(parents=True, exist_ok=True)
    report = {"kaikou": kaikou_version(), "machine": about_machine(), "rows": rows}
    path.write_text(json.dumps(report, indent=2) + "\n")
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--servers", default=",".join(SERVERS), help=", ".join(SERVERS))
    parser.add_argument("--sessions", help="numbers with commas; default: those of each server")
    parser.add_argument("--seconds", type=float, default=12, help="how long turns are begun in a run")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--pipecat", type=Path, help="Python of an environment that has Pipecat")
    parser.add_argument("--install-pipecat", action="store_true")
    parser.add_argument("--json", type=Path, default=RESULTS)
    parser.add_argument("--table", action="store_true", help="only print the table")
    given = parser.parse_args()
    if given.table:
        if not given.json.exists():
            raise SystemExit(
                f"Nothing was measured yet: {given.json} is not there. Leave out --table to measure."
            )
        print(table(json.loads(given.json.read_text())["rows"]))
        return 0
    servers = [SERVERS[name] for name in given.servers.split(",")]
    pipecat = (
        ensure_pipecat(given.pipecat, given.install_pipecat) if any(s.pipecat for s in servers) else None
    )
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {1})
    counts = [int(part) for part in given.sessions.split(",")] if given.sessions else None
    wanted = {s.name: counts or list(s.sessions) for s in servers}
    rows: list[dict[str, Any]] = []
    with started(servers, pipecat) as running:
        for one in running:
            asyncio.run(warm(one))
        for sessions in sorted({count for each in wanted.values() for count in each}):
            for one in running:
                if sessions in wanted[one.server.name]:
                    row = row_of(one, sessions, given.seconds, given.repeat)
                    print(table([row]).splitlines()[-1], flush=True)
                    rows = keep(given.json, row)
    print(table(rows))
    return 0


async def warm(running: Running) -> None:
    """One caller, one turn: what a process makes once and keeps is made here."""
    from dataclasses import replace

    from kaikou.cli.load import run

    voice = decode(SPEECH, 24_000) if running.server.speech else babble()
    load = load_for(running, WARM_SECONDS)
    await run(replace(load, every=WARM_SECONDS, interrupt=None), voice)


if __name__ == "__main__":
    sys.exit(main())
