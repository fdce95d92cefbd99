"""``kaikou transcribe``: recordings to text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from kaikou.cli import console


def transcribe(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="Recordings, any format.")],
    language: Annotated[str | None, typer.Option(help="en, zh, … or auto.")] = None,
    hint: Annotated[str, typer.Option(help="Text that steers spelling: names, terms.")] = "",
    words: Annotated[bool, typer.Option(help="Word times, with --json.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON: a list, one entry a file.")] = False,
) -> None:
    """Transcribe recordings; one file's text a line.

    Examples:

      kaikou transcribe meeting.mp3

      kaikou transcribe *.wav --language zh --words --json
    """
    import asyncio

    results = asyncio.run(_transcribe(files, language, hint, words))
    if as_json:
        console.print_json(results)
        return
    for result in results:
        print(f"{result['file']}\t{result['text']}" if len(files) > 1 else result["text"])


async def _transcribe(
    files: list[Path], language: str | None, hint: str, words: bool
) -> list[dict[str, Any]]:
    import asyncio

    from kaikou import server
    from kaikou.audio.decoding import decode
    from kaikou.engines.ports import Lane
    from kaikou.settings.loading import load_settings

    settings = load_settings().settings
    language = language or settings.stt.language
    results = []
    with console.progress("transcribe") as progress:
        async with server.open_engine(settings, "stt", progress) as engine:
            for index, path in enumerate(files):
                progress(path.name, index / len(files))
                sound = await asyncio.to_thread(decode, path)
                found = await engine.transcribe(
                    sound, language=language, hint=hint, words=words, lane=Lane.INTERACTIVE
                )
                result: dict[str, Any] = {
                    "file": str(path),
                    "text": found.text,
                    "language": found.language,
                    "seconds": round(sound.seconds, 3),
                    "confidence": found.confidence,
                }
                if words:
                    result["words"] = [
                        {
                            "text": word.text,
                            "start": round(word.start, 3),
                            "end": round(word.end, 3),
                            "confidence": word.confidence,
                        }
                        for word in found.words
                    ]
                results.append(result)
    return results
