"""``kaikou settings``: every value in force and where it came from."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from kaikou.cli import console
from kaikou.cli.settings_import import import_settings

app = typer.Typer(help="Every setting in force and where it came from.")


@app.callback(invoke_without_command=True)
def show(
    context: typer.Context,
    changed: Annotated[bool, typer.Option("--changed", help="Only what differs from the defaults.")] = False,
    aliases: Annotated[
        bool, typer.Option("--aliases", help="The variable names of other systems that are accepted.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print each setting with its value and origin; secrets are masked.

    Examples:

      kaikou settings --changed

      KAIKOU_STT__ENGINE=whisper kaikou settings --json
    """
    if context.invoked_subcommand is not None:
        return
    from kaikou.settings.loading import load_settings
    from kaikou.settings.table import alias_rows, setting_rows

    if aliases:
        found = alias_rows()
        if as_json:
            console.print_json([asdict(row) for row in found])
            return
        _print_table(
            ("variable", "setting", "note"), [(row.name, row.setting or "–", row.note) for row in found]
        )
        return

    loaded = load_settings()
    rows = [row for row in setting_rows(loaded) if not (changed and row.default)]
    if as_json:
        console.print_json({"settings": [asdict(row) for row in rows], "warnings": list(loaded.warnings)})
        return
    if not rows:
        console.note("Everything is at its default.")
    else:
        _print_table(("setting", "value", "from"), [(row.name, row.value or "–", row.origin) for row in rows])
    for warning in loaded.warnings:
        console.note(warning)


app.command("import")(import_settings)


def _print_table(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.stdout().print(table)
