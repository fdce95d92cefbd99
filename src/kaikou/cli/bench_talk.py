"""The figures of ``kaikou bench talk``: each stage of a turn over many turns, and their table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kaikou.cli import console
from kaikou.cli.load_figures import percentile
from kaikou.cli.turn import Answer, Question
from kaikou.machine import about_machine, kaikou_version

NOTICED = 0.3
"""Seconds of silence within a reply that are taken for a pause; longer, the voice seems to be stuck."""


def report(questions: Sequence[Question], answers: Sequence[Answer]) -> dict[str, Any]:
    """Seconds from the end of speech until each stage was done: over all turns, ``answered`` for
    each file, and each turn by itself. Of each reply's sound: the ``longest_gap``, the ``silence`` (all the
    seconds for which it had run out), and how often it ran out for longer than ``NOTICED``. JSON-ready."""
    names = list(dict.fromkeys(name for answer in answers for name in answer.timings))
    totals: dict[str, list[float]] = {}
    for question, answer in zip(questions, answers, strict=True):
        totals.setdefault(question.file.name, []).append(answer.timings.get("answered", float("nan")))
    return {
        "turns": len(answers),
        "hands_free": any(question.hands_free for question in questions),
        "kaikou": kaikou_version(),
        "machine": about_machine(),
        "stages": {name: _spread([a.timings[name] for a in answers if name in a.timings]) for name in names},
        "files": {file: _spread(values) for file, values in totals.items()},
        "longest_gap": _spread([max(answer.gaps, default=0.0) for answer in answers]),
        "silence": _spread([sum(answer.gaps) for answer in answers]),
        "ran_out": [sum(gap > NOTICED for gap in answer.gaps) for answer in answers],
        "answers": [
            {
                "file": question.file.name,
                "transcript": answer.transcript,
                "reply": answer.reply,
                "timings": answer.timings,
                "gaps": list(answer.gaps),
            }
            for question, answer in zip(questions, answers, strict=True)
        ],
    }


def print_stages(found: dict[str, Any]) -> None:
    """One line a stage, then the answers to each file where there are several."""
    from rich.table import Table

    table = Table("stage", "p50", "p95", "worst", box=None, pad_edge=False, header_style="bold")
    rows = dict(found["stages"])
    if len(found["files"]) > 1:
        rows |= {f"answered: {file}": figures for file, figures in found["files"].items()}
    rows["longest gap in a reply"] = found["longest_gap"]
    rows["silence in a reply"] = found["silence"]
    for name, figures in rows.items():
        table.add_row(name, *(f"{figures[one]:.2f} s" for one in ("p50", "p95", "worst")))
    console.stdout().print(table)
    console.note(f"{found['turns']} turns; seconds from the end of speech until each stage was done.")
    stuck = sum(times > 0 for times in found["ran_out"])
    console.note(f"The sound ran out for over {NOTICED} s within {stuck} of {len(found['ran_out'])} replies.")


def _spread(values: list[float]) -> dict[str, float]:
    return {
        "p50": round(percentile(values, 0.5), 3),
        "p95": round(percentile(values, 0.95), 3),
        "worst": round(max(values), 3),
    }
