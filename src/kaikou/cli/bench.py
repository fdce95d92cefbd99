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
    wire: Annotated[str, typer.Option(help="realtime | realtime-g711.")] = "realtime",
    sessions: Annotated[str, typer.Option(help="Callers at once; several runs with commas: 1,10,30.")] = "1",
    seconds: Annotated[float, typer.Option(min=1, help="How long turns are begun in each run.")] = 20.0,
    voice: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Recording of one turn.")
    ] = None,
    every: Annotated[
        float | None,
        typer.Option(min=1, help="Seconds from one turn's start to the next, answered or not."),
    ] = None,
    think: Annotated[
        float, typer.Option(min=0, help="Seconds a caller waits after an answer (without --every).")
    ] = 1.0,
    pause: Annotated[float, typer.Option(min=0, help="Seconds of silence in the middle of each turn.")] = 0.0,
    interrupt: Annotated[
        float | None,
        typer.Option(min=0.1, help="Talk into each reply so many seconds after it began."),
    ] = None,
    redial: Annotated[
        float | None,
        typer.Option(min=0.1, help="Callers who were refused dial again each so many seconds."),
    ] = None,
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
    output: Annotated[Path | None, typer.Option(dir_okay=False, help="Write JSON to this file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of the table.")] = False,
) -> None:
    """Drive a server with N callers who speak in real time.

    Latency is taken here, outside the server: from the last voiced sample sent to the first audio of
    the answer. "Added" is latency less the silence that ends a turn and less --expected. "Lag" is
    how late this process itself sent: where it is large, the bench is the bottleneck.
    "Cut" (with --interrupt) is from the first voiced sample of an interruption to the last audio.

    Examples:

      kaikou bench live --sessions 1,10,30 --every 4 --seconds 12

      kaikou bench live --interrupt 1.5 --wire realtime-g711

      kaikou bench live --url ws://gpu:8000/v1/realtime --voice question.wav --output gpu.json
    """
    from kaikou.cli.bench_live import measure, print_runs, report, socket_url
    from kaikou.cli.caller_voice import babble
    from kaikou.cli.load_values import Load
    from kaikou.cli.wires import WIRES

    if wire not in WIRES:
        raise typer.BadParameter(f"known wires are {', '.join(WIRES)}", param_hint="--wire")
    load = Load(
        url=socket_url(url, WIRES[wire].path),
        wire=WIRES[wire],
        seconds=seconds,
        every=every,
        think=think,
        pause=pause,
        interrupt=interrupt,
        redial=redial,
        silence_ms=silence_ms,
        expected=expected,
        key=key,
    )
    counts = _counts(sessions)
    sound = _read_voice(voice) if voice else babble()
    with console.progress("bench live") as progress:
        rows = _run_loop(measure(load, counts, sound, pid, progress))
    found = report(load, voice.name if voice else "babble", rows)
    if output is not None:
        console.write_json(output, found)
    if as_json:
        console.print_json(found)
    else:
        print_runs(rows)
    if any(row["answered"] < row["turns"] or row["errors"] for row in rows):
        console.note("Some turns were not answered; see `first_errors` in the JSON.")
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
    output: Annotated[Path | None, typer.Option(dir_okay=False, help="Write JSON to this file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of the table.")] = False,
) -> None:
    """Measure the stages of a turn in this process: seconds from the end of speech, one turn at a time.

    "answered" is the figure a caller feels: from the recording's last voiced sample to the first audio of
    the reply, taken outside the conversation; "total" is the conversation's own account of it. Without
    --hands-free speech ends where the recording does.

    Examples:

      kaikou bench talk question.wav --hands-free

      kaikou bench talk one.wav two.wav --rounds 5 --output talk.json
    """
    import asyncio

    from kaikou.cli.bench_talk import print_stages, report
    from kaikou.cli.turn import Question, ask_many
    from kaikou.settings.loading import load_settings

    questions = [
        Question(file, language=language, hands_free=hands_free) for _ in range(rounds) for file in files
    ]
    loaded = load_settings()
    answers = asyncio.run(ask_many(loaded, questions))
    found = report(questions, answers)
    if output is not None:
        console.write_json(output, found)
    if as_json:
        console.print_json(found)
    else:
        print_stages(found)


def _run_loop(work: Any) -> list[dict[str, Any]]:
    if sys.platform == "win32":
        import asyncio

        result: list[dict[str, Any]] = asyncio.run(work)
        return result
    import uvloop

    return uvloop.run(work)


def _read_voice(path: Path) -> Pcm:
    from kaikou.audio.decoding import decode

    return decode(path, 24_000)


def _counts(text: str) -> list[int]:
    try:
        counts = [int(part) for part in text.split(",")]
    except ValueError:
        counts = []
    if not counts or min(counts) < 1:
        raise typer.BadParameter("write one or more whole numbers, like 1,10,30", param_hint="--sessions")
    return counts
