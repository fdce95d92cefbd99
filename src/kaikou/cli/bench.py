"""``kaikou bench``: how many callers a server carries, and how late it is for them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kaikou.cli import console

if TYPE_CHECKING:
    from kaikou.audio.pcm import Pcm

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Measure a server under load, or one conversation's stages.",
)


@app.command("live")
def live(
    *,
    url: Annotated[
        str, typer.Option(help="The server, or its socket: http(s):// or ws(s)://.")
    ] = "http://127.0.0.1:8000",
    sessions: Annotated[str, typer.Option(help="Callers at once; several runs with commas: 1,10,30.")] = "1",
    seconds: Annotated[float, typer.Option(min=1, help="Length of each run.")] = 20.0,
    voice: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Recording of one turn.")
    ] = None,
    think: Annotated[float, typer.Option(min=0, help="Seconds a caller waits after an answer.")] = 1.0,
    pause: Annotated[float, typer.Option(min=0, help="Seconds of silence in the middle of each turn.")] = 0.0,
    silence_ms: Annotated[
        int, typer.Option(min=32, help="Silence that ends a turn; asked of the server.")
    ] = 200,
    expected: Annotated[
        float, typer.Option(min=0, help="Seconds of delay scripted engines add on purpose.")
    ] = 0.0,
    key: Annotated[str | None, typer.Option(envvar="KAIKOU_PASSWORD", help="API key or password.")] = None,
    pid: Annotated[
        int | None, typer.Option(help="Process to watch, where it is not found by its port.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Drive a server over /v1/realtime with N callers who speak in real time.

    Latency is taken here, outside the server: from the last voiced sample sent to the first audio of
    the answer. "Added" is latency less the silence that ends a turn and less --expected. "Send lag" is
    how late this process itself was: where it is large, the bench is the bottleneck.

    Examples:

      kaikou bench live --sessions 1,10,30 --seconds 20

      kaikou bench live --url ws://gpu:8000/v1/realtime --voice question.wav --json
    """
    from kaikou.cli.load import Load, babble

    sound = _read_voice(voice) if voice else babble()
    load = Load(
        url=_socket_url(url),
        seconds=seconds,
        think=think,
        pause=pause,
        silence_ms=silence_ms,
        expected=expected,
        key=key,
    )
    counts = _counts(sessions)
    rows = []
    with console.progress("bench live") as progress:
        for step, count in enumerate(counts):
            progress(f"{count} session{'s' if count > 1 else ''}", step / len(counts))
            rows.append(_run_loop(_one(load, count, sound, pid)))
    if as_json:
        console.print_json({"url": load.url, "voice": str(voice) if voice else "babble", "runs": rows})
    else:
        _print_runs(rows)
    if any(row["answered"] < row["turns"] - row["sessions"] or row["errors"] for row in rows):
        console.note("Some turns were not answered; see `errors` with --json.")
        raise typer.Exit(console.Exit.FAILURE)


@app.command("talk")
def talk(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="Recordings of turns.")],
    *,
    rounds: Annotated[int, typer.Option(min=1, help="How often each recording is asked.")] = 3,
    hands_free: Annotated[
        bool, typer.Option("--hands-free", help="Let the turn detector find the end of each turn.")
    ] = False,
    language: Annotated[str | None, typer.Option(help="en, zh, …; default: follow the user.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure the stages of a turn in this process: seconds from the end of speech, one turn at a time.

    Examples:

      kaikou bench talk question.wav --hands-free

      kaikou bench talk one.wav two.wav --rounds 5 --json
    """
    import asyncio

    from kaikou.cli.load import percentile
    from kaikou.cli.turn import Question, ask_many
    from kaikou.settings_load import load_settings

    questions = [
        Question(file, language=language, hands_free=hands_free) for _ in range(rounds) for file in files
    ]
    answers = asyncio.run(ask_many(load_settings(), questions))
    names = list(dict.fromkeys(name for answer in answers for name in answer.timings))
    stages = {name: [answer.timings[name] for answer in answers if name in answer.timings] for name in names}
    figures = {
        name: {
            "p50": round(percentile(values, 0.5), 3),
            "p95": round(percentile(values, 0.95), 3),
            "worst": round(max(values), 3),
        }
        for name, values in stages.items()
    }
    if as_json:
        console.print_json({"turns": len(answers), "hands_free": hands_free, "stages": figures})
        return
    from rich.table import Table

    table = Table("stage", "p50", "p95", "worst", box=None, pad_edge=False, header_style="bold")
    for name, figure in figures.items():
        table.add_row(name, *(f"{figure[one]:.2f} s" for one in ("p50", "p95", "worst")))
    console.stdout().print(table)
    console.note(f"{len(answers)} turns; seconds from the end of speech until each stage was done.")


async def _one(load: Any, count: int, sound: Pcm, pid: int | None) -> dict[str, Any]:
    import asyncio
    from dataclasses import replace

    from kaikou.cli.load import run, summary
    from kaikou.cli.watch import Watch

    this = replace(load, sessions=count)
    watch = Watch(this.url, pid)
    await asyncio.to_thread(watch.begin)
    callers = await run(this, sound)
    process = await asyncio.to_thread(watch.end)
    return summary(this, callers) | {"server": process}


def _run_loop(work: Any) -> dict[str, Any]:
    if sys.platform == "win32":
        import asyncio

        result: dict[str, Any] = asyncio.run(work)
        return result
    import uvloop

    return uvloop.run(work)


def _read_voice(path: Path) -> Pcm:
    from kaikou.audio.decoding import decode
    from kaikou.cli.load import RATE

    return decode(path, RATE)


def _counts(text: str) -> list[int]:
    try:
        counts = [int(part) for part in text.split(",")]
    except ValueError:
        counts = []
    if not counts or min(counts) < 1:
        raise typer.BadParameter("write one or more whole numbers, like 1,10,30", param_hint="--sessions")
    return counts


def _socket_url(url: str) -> str:
    """``http://host:8000`` is ``ws://host:8000/v1/realtime``."""
    from urllib.parse import urlsplit, urlunsplit

    parts = urlsplit(url)
    schemes = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
    if parts.scheme not in schemes or not parts.netloc:
        raise typer.BadParameter("write it like http://127.0.0.1:8000", param_hint="--url")
    path = parts.path if parts.path.strip("/") else "/v1/realtime"
    return urlunsplit((schemes[parts.scheme], parts.netloc, path, parts.query, ""))


def _print_runs(rows: list[dict[str, Any]]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in (
        "sessions",
        "answered",
        "latency p50",
        "p95",
        "added p50",
        "p95",
        "lag p95",
        "CPU %",
        "MB",
    ):
        table.add_column(column, justify="right")
    for row in rows:
        server = row["server"] or {}
        cells = (
            row["sessions"] - row["refused"],
            f"{row['answered']}/{row['turns']}",
            row["latency_ms"]["p50"],
            row["latency_ms"]["p95"],
            row["added_ms"]["p50"],
            row["added_ms"]["p95"],
            row["send_lag_ms"]["p95"],
            server.get("cpu_percent"),
            server.get("memory_mb"),
        )
        table.add_row(*("–" if cell is None else str(cell) for cell in cells))
    console.stdout().print(table)
    console.note("Times in milliseconds; CPU is percent of one core, with the server's children.")
    for row in rows:
        if row["refusal"]:
            console.note(f"{row['refused']} of {row['sessions']} refused: {row['refusal']}")
        for error in row["first_errors"]:
            console.note(f"error: {error}")
