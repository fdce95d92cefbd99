"""The table of live_capacity.py, in Markdown."""

from __future__ import annotations

from typing import Any

HEADS = (
    "server", "sessions", "turns answered", "added p50 / p95 ms", "over the floor p50 / p95",
    "CPU of one core", "CPU ms a session-second", "memory MB", "MB a session", "bench lag p95 ms",
    "others' CPU", "stolen", "cut p50 / p95 ms",
)  # fmt: skip


def table(rows: list[dict[str, Any]]) -> str:
    """One line a row, in the order of servers and sessions; the floor is that of the same sound, with
    as many sessions as were let in."""
    floors = {
        (_sound(row), row["sessions"]): row["added_ms"] for row in rows if row["name"].startswith("floor")
    }
    order = list(dict.fromkeys(row["name"] for row in rows))
    lines = [" | ".join(HEADS), " | ".join("---" for _ in HEADS)]
    for row in sorted(rows, key=lambda row: (order.index(row["name"]), row["sessions"])):
        inside = row["sessions"] - row["refused"]
        lines.append(" | ".join(_cells(row, floors.get((_sound(row), inside)))))
    return "\n".join(f"| {line} |" for line in lines)


def _sound(row: dict[str, Any]) -> tuple[str, bool]:
    return row["voice"], row["interrupt"] is not None


def _cells(row: dict[str, Any], floor: dict[str, Any] | None) -> list[str]:
    server, added = row["server"] or {}, row["added_ms"]
    inside = row["sessions"] - row["refused"]
    over = "–"
    if floor and not row["name"].startswith("floor") and None not in (*floor.values(), *added.values()):
        over = f"{added['p50'] - floor['p50']:.1f} / {added['p95'] - floor['p95']:.1f}"
    cut = row.get("interruption_ms", {}).get("cut")
    return [
        row["name"],
        f"{inside} ({row['refused']} refused)" if row["refused"] else str(inside),
        f"{row['answered']}/{row['turns']}",
        f"{added['p50']} / {added['p95']}",
        over,
        f"{server.get('cpu_percent', '–')} %",
        str(server.get("cpu_ms_per_session_second", "–")),
        str(server.get("memory_mb", "–")),
        str(server.get("mb_per_session", "–")),
        str(row["send_lag_ms"]["p95"]),
        f"{row.get('others_percent', '–')} %",
        f"{row.get('stolen_percent', '–')} %",
        f"{cut['p50']} / {cut['p95']}" if cut else "–",
    ]
