"""``kaikou voices``: the voices the chosen speech engine offers."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from kaikou.cli import console

if TYPE_CHECKING:
    from kaikou.engines.ports import Voice


def voices(
    language: Annotated[str | None, typer.Option(help="Only voices of this language: en, zh, …")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the voices, ready for kaikou speak --voice.

    Examples:

      kaikou voices --language zh

      kaikou voices --json
    """
    import asyncio

    found = asyncio.run(_voices())
    if language:
        found = [
            voice
            for voice in found
            if any(one.split("-")[0] == language.split("-")[0] for one in voice.languages)
        ]
    if as_json:
        console.print_json([asdict(voice) for voice in found])
        return
    from rich.table import Table

    table = Table(
        "voice", "name", "languages", "gender", "about", box=None, pad_edge=False, header_style="bold"
    )
    for voice in found:
        table.add_row(voice.id, voice.name, " ".join(voice.languages), voice.gender or "–", voice.description)
    console.stdout().print(table)


async def _voices() -> list[Voice]:
    from kaikou import server
    from kaikou.settings.loading import load_settings

    with console.progress("voices") as progress:
        async with server.open_engine(load_settings().settings, "tts", progress) as engine:
            return list(engine.voices())
