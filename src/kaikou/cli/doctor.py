"""``kaikou doctor``: what works on this machine, what does not, and what to do about it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from kaikou.cli import console
from kaikou.cli.finding import Finding

_MARKS = {"ok": "[green]✓[/]", "warning": "[yellow]![/]", "failed": "[red]✗[/]"}


def doctor(
    load: Annotated[
        bool, typer.Option("--load/--no-load", help="Load each engine whose models are here.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check the environment, settings, engines, disk, port and microphone.

    Downloads nothing. Exit code 0 when a conversation can be held, 1 when not.

    Examples:

      kaikou doctor

      kaikou doctor --no-load --json
    """
    import asyncio

    from kaikou.cli.checks import examine
    from kaikou.settings.loading import load_settings

    loaded = load_settings()
    with console.progress("doctor") as progress:
        findings = [
            Finding("settings", "warning", "warning", text, "See `kaikou settings`.")
            for text in loaded.warnings
        ]
        findings += asyncio.run(examine(loaded.settings, progress, load=load))
    broken = any(one.verdict == "failed" for one in findings)
    if as_json:
        console.print_json({"ok": not broken, "findings": [asdict(one) for one in findings]})
    else:
        _print(findings)
    if broken:
        raise typer.Exit(console.Exit.FAILURE)


def _print(findings: list[Finding]) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, show_header=False)
    for _ in range(4):
        table.add_column(overflow="fold")
    area = ""
    for one in findings:
        detail = escape(one.detail) + (f"\n[dim]{escape(one.hint)}[/]" if one.hint else "")
        table.add_row(_MARKS[one.verdict], one.area if one.area != area else "", escape(one.what), detail)
        area = one.area
    console.stdout().print(table)
