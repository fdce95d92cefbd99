"""``kaikou speak``: text to a sound file."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from kaikou.cli import console


def speak(
    text: Annotated[str, typer.Argument(help="What to say; - reads standard input.")],
    *,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", dir_okay=False, help="File to write: .wav, .mp3, .opus or .flac."),
    ],
    voice: Annotated[str | None, typer.Option(help="A voice of `kaikou voices`.")] = None,
    language: Annotated[str | None, typer.Option(help="Language of the text where it is not clear.")] = None,
    speed: Annotated[float, typer.Option(min=0.25, max=4.0, help="1.0 is the voice's own pace.")] = 1.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON about the file.")] = False,
) -> None:
    """Speak a text into a file; its extension chooses the format.

    Examples:

      kaikou speak "Good morning." -o morning.wav

      kaikou speak "早上好。" -o morning.mp3 --voice zf_xiaobei --json
    """
    import asyncio

    result = asyncio.run(_speak(sys.stdin.read() if text == "-" else text, output, voice, language, speed))
    if as_json:
        console.print_json(result)
    else:
        console.note(f"{result['seconds']} s of {result['voice']} in {result['audio']}")


async def _speak(
    text: str, output: Path, voice: str | None, language: str | None, speed: float
) -> dict[str, Any]:
    import asyncio

    from kaikou import server
    from kaikou.cli.sound import format_of, write_sound
    from kaikou.engines.ports import Lane, Style
    from kaikou.errors import InvalidInput
    from kaikou.settings.loading import load_settings

    format_of(output)
    settings = load_settings().settings
    with console.progress("speak") as progress:
        async with server.open_engine(settings, "tts", progress) as engine:
            chosen = voice or settings.tts.voice or engine.default_voice(language or _language_of(text))
            progress("synthesising", None)
            began = time.perf_counter()
            chunks = []
            stream = engine.stream(
                text, voice=chosen, style=Style(speed=speed, language=language), lane=Lane.INTERACTIVE
            )
            async for chunk in stream:
                chunks.append(chunk.pcm)
            took = time.perf_counter() - began
    if not chunks:
        raise InvalidInput("The text holds nothing that can be spoken.", code="nothing_to_say")
    sound = sum(chunks[1:], chunks[0])
    await asyncio.to_thread(write_sound, output, sound)
    return {
        "audio": str(output),
        "voice": chosen,
        "seconds": round(sound.seconds, 3),
        "sample_rate": sound.rate,
        "took": round(took, 3),
    }


def _language_of(text: str) -> str:
    """``zh`` where the text holds Chinese characters, else ``en``."""
    return "zh" if any("\u4e00" <= char <= "\u9fff" for char in text) else "en"
