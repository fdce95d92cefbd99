"""``kaikou settings import``: the reference xiaozhi server's ``config.yaml`` taken over."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kaikou.cli import console
from kaikou.errors import InvalidInput, SettingsError

if TYPE_CHECKING:
    from kaikou.settings.importing import Imported


def import_settings(
    file: Annotated[
        Path, typer.Argument(help="config.yaml or data/.config.yaml; the other is read with it.")
    ],
    write: Annotated[
        bool, typer.Option("--write", help="Write kaikou.toml and .env here, and make the agent.")
    ] = False,
) -> None:
    """Say what another server's config.yaml means here; with --write, take it over.

    Secrets go to .env, which only you can read, and are never printed; options of plugins to the plugin
    folder. Existing files are left alone.

    Examples:

      kaikou settings import ../xiaozhi-server/config.yaml

      kaikou settings import data/.config.yaml --write
    """
    from kaikou.settings.importing import convert

    tables, root = _tables(file)
    found = convert(tables, root)
    for level in ("taken", "not needed", "not understood"):
        notes = [note for note in found.notes if note.level == level]
        if notes:
            console.stdout().print(f"{level}:", markup=False)
        for note in notes:
            console.stdout().print(f"  {note.key}: {note.text}", markup=False, highlight=False)
    if not write:
        console.note("Nothing was written; --write takes it over.")
        return
    _write(found)


def _tables(file: Path) -> tuple[dict[str, Any], Path]:
    """The tables of ``config.yaml`` with those of ``data/.config.yaml`` over them, whichever of the two is
    named and as far as they are there; and that server's folder."""
    from kaikou.settings.importing import merged

    found, file = _read(file), file.absolute()
    if file.name == ".config.yaml":
        root = file.parent.parent if file.parent.name == "data" else file.parent
        base = root / "config.yaml"
        return (merged(_read(base), found) if base.is_file() else found), root
    over = file.parent / "data" / ".config.yaml"
    return (merged(found, _read(over)) if over.is_file() else found), file.parent


def _read(file: Path) -> dict[str, Any]:
    import yaml  # type: ignore[import-untyped]

    try:
        found = yaml.safe_load(file.read_text("utf-8-sig"))
    except FileNotFoundError:
        raise InvalidInput(f"There is no file {file}.", code="file_missing") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InvalidInput(f"{file.name} can't be read as YAML: {error}", code="invalid_file") from None
    if not isinstance(found, dict):
        raise InvalidInput(f"{file.name} holds no settings.", code="invalid_file")
    return found


def _write(found: Imported) -> None:
    toml, dotenv = Path("kaikou.toml"), Path(".env")
    there = [str(path) for path in (toml, dotenv) if path.exists()]
    if there:
        raise SettingsError(
            f"{' and '.join(there)} exist here already.",
            code="file_exists",
            hint="Go to an empty folder, or move them away first.",
        )
    toml.write_text("".join(f"{name} = {_toml(value)}\n" for name, value in found.settings.items()), "utf-8")
    lines = "".join(
        f"KAIKOU_{name.upper().replace('.', '__')}={_quoted(value)}\n"
        for name, value in found.secrets.items()
    )
    if lines:
        _write_private(dotenv, lines)
    console.note(f"Wrote {toml}" + (f" and {dotenv}." if lines else "."))
    if found.plugins and (options := _write_plugin_options(found.plugins)):
        console.note(f"Wrote {options}: put plugins of your own beside it.")
    if found.agent is not None:
        console.note(f"Made the agent {asyncio.run(_make_agent(found.agent))}; bind your devices to it.")


def _write_plugin_options(plugins: dict[str, Any]) -> Path | None:
    """What plugins find at ``conn.config``, into their folder; None where such a file is there already."""
    from kaikou.settings.loading import load_settings

    settings = load_settings().settings
    path = (settings.tools.folder or settings.data_dir / "plugins") / "settings.json"
    if path.exists():
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    _write_private(path, json.dumps(plugins, ensure_ascii=False, indent=2, default=str))
    return path


def _write_private(path: Path, text: str) -> None:
    """A file that holds keys: only its owner can read it."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def _toml(value: Any) -> str:
    # JSON's texts, numbers, truths and lists are TOML's.
    return json.dumps(value, ensure_ascii=False)


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


async def _make_agent(fields: dict[str, Any]) -> str:
    from kaikou.agents.service import AgentService
    from kaikou.settings.loading import load_settings
    from kaikou.store.agents import AgentRepository
    from kaikou.store.database import Database

    database = await Database.open(load_settings().settings)
    try:
        return (await AgentService(AgentRepository(database)).create(fields)).id
    finally:
        await database.close()
