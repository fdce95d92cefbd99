"""``kaikou models``: what can be fetched, fetching it, and where it lies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kaikou.cli import console

if TYPE_CHECKING:
    from kaikou.engines.weights.store import WeightStore

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Models: list them, fetch them, find them."
)

_MARKS = {"installed": "✓", "partial": "half", "missing": "–"}


def _store() -> WeightStore:
    from kaikou.engines.weights.store import WeightStore
    from kaikou.settings.loading import load_settings

    return WeightStore(load_settings().settings.models)


@app.command("list")
def list_models(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Show every model of the catalogue: its size, licence (code / weights), and whether it is here.

    Example:

      kaikou models list --json
    """
    states = _store().states()
    if as_json:
        console.print_json(
            [
                {
                    "id": state.model.id,
                    "title": state.model.title,
                    "role": state.model.role,
                    "languages": list(state.model.languages),
                    "sets": list(state.model.sets),
                    "bytes": state.model.size,
                    "licence": {"code": state.model.licence.code, "weights": state.model.licence.weights},
                    "sources": [source.kind for source in state.model.sources],
                    "state": state.state,
                    "path": str(state.path),
                    "note": state.model.note,
                }
                for state in states
            ]
        )
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("here", "model", "role", "languages", "MB", "licence", "sets", "about"):
        table.add_column(column, justify="right" if column == "MB" else "left", overflow="fold")
    for state in states:
        model = state.model
        table.add_row(
            _MARKS[state.state],
            model.id,
            model.role,
            " ".join(model.languages),
            f"{model.size / 1e6:.0f}",
            str(model.licence),
            " ".join(model.sets),
            model.title,
        )
    console.stdout().print(table)


@app.command("pull")
def pull(
    names: Annotated[
        list[str] | None, typer.Argument(help="Models or sets; default: the set `default`.")
    ] = None,
    origin: Annotated[
        Path | None, typer.Option("--from", exists=True, file_okay=False, help="Folder with an offline copy.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="auto, registry, huggingface or modelscope.")] = None,
    force: Annotated[bool, typer.Option(help="Fetch again what is here already.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON: model -> folder.")] = False,
) -> None:
    """Fetch models, checked by their SHA-256; what is here already is not fetched again.

    Examples:

      kaikou models pull

      kaikou models pull whisper-base --from /media/usb/models
    """
    import asyncio

    store = _store()
    where = str(origin) if origin else source
    with console.progress("models") as progress:
        found = asyncio.run(store.pull(names or ["default"], progress, source=where, force=force))
    if as_json:
        console.print_json({model: str(path) for model, path in found.items()})
        return
    for model, path in found.items():
        print(f"{model}\t{path}")


@app.command("path")
def path(
    model: Annotated[str | None, typer.Argument(help="A model; without one, the folder of all.")] = None,
) -> None:
    """Print the folder of a model, or of all of them. Exit code 4 where that model is not here whole.

    Example:

      kaikou models path whisper-base
    """
    store = _store()
    print(store.path(model) if model else store.folder)
    if model and store.installed(model) is None:
        console.note(f"{model} is not here; run `kaikou models pull {model}`.")
        raise typer.Exit(console.Exit.MODEL)
