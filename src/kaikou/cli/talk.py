"""``kaikou talk``: one conversation right here, through the same core as every socket."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer

from kaikou.cli import console


def talk(
    *,
    file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A recording: it is the user's turn.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write the reply's sound: .wav, .mp3, .opus or .flac.")
    ] = None,
    agent: Annotated[str | None, typer.Option(help="Who answers; default: the first agent.")] = None,
    language: Annotated[str | None, typer.Option(help="en, zh, …; default: follow the user.")] = None,
    voice: Annotated[str | None, typer.Option(help="A voice of `kaikou voices`.")] = None,
    hands_free: Annotated[
        bool,
        typer.Option(
            "--hands-free",
            help="With --file: play it in real time and let the turn detector find its end. Without, the "
            "whole file is one turn, whatever its pauses.",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON (with --file).")] = False,
) -> None:
    """Talk with an agent: by microphone, or with a recording. Needs no running server.

    --json prints exactly `transcript`, `reply`, `audio` (the file of --out, or null) and `timings`:
    for each stage the seconds from the end of speech until it was done.

    Examples:

      kaikou talk

      kaikou talk --file question.wav --out reply.wav --json
    """
    import asyncio

    from kaikou import logs
    from kaikou.errors import InvalidInput
    from kaikou.settings.loading import load_settings

    if file is None and (out or as_json or hands_free):
        raise InvalidInput("--out, --json and --hands-free need --file.", code="file_needed")
    loaded = load_settings()
    logs.configure("debug" if console.debug else "warning", logs.secrets_of(loaded.settings))
    logging.captureWarnings(True)
    if file is None:
        from kaikou.cli.call import call

        asyncio.run(call(loaded, agent=agent, language=language, voice=voice))
        return

    from kaikou.cli.sound import format_of
    from kaikou.cli.turn import Question, ask_once

    if out is not None:
        format_of(out)
    question = Question(file, agent=agent, language=language, voice=voice, hands_free=hands_free)
    answer = asyncio.run(ask_once(loaded, question, out))
    if as_json:
        console.print_json(
            {
                "transcript": answer.transcript,
                "reply": answer.reply,
                "audio": str(out) if out else None,
                "timings": answer.timings,
            }
        )
        return
    print(f"You:    {answer.transcript}\nKaikou: {answer.reply}")
    if out is not None:
        console.note(f"{answer.sound.seconds:.1f} s of sound in {out}" if answer.sound else "no sound")
    stages = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in answer.timings.items())
    console.note(f"After the end of speech: {stages}")
