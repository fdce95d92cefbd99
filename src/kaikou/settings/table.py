"""The settings as tables: for the terminal, each value with its origin; for the docs, what exists.

``python -m kaikou.settings.table`` prints ``docs/settings.md``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic_core import PydanticUndefined

from kaikou.settings.aliases import ALIASES
from kaikou.settings.loading import Key, LoadedSettings, keys_of, variable_of
from kaikou.settings.tree import Settings

MASK = "********"
_SECRET_NAME = re.compile(r"key|token|secret|password", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting as it is in force; secrets are masked."""

    name: str
    variable: str
    value: str
    origin: str
    default: bool
    description: str


@dataclass(frozen=True, slots=True)
class AliasRow:
    """One accepted name of another system; ``setting`` is empty where it is not used yet."""

    name: str
    setting: str
    note: str


def setting_rows(loaded: LoadedSettings) -> list[SettingRow]:
    """Every setting in force, in the tree's order, with where it came from."""
    described = {key: known.description or "" for key, known in keys_of(Settings)}
    rows = []
    for key, value in _values(loaded.settings):
        origin = loaded.origin(key)
        rows.append(
            SettingRow(
                name=".".join(key),
                variable=variable_of(key),
                value=_shown(key, value),
                origin=str(origin),
                default=origin.source == "default",
                description=described.get(key, ""),
            )
        )
    return rows


def alias_rows() -> list[AliasRow]:
    """Every accepted name of other systems and what it stands for."""
    return [AliasRow(alias.name, ".".join(alias.target or ()), alias.note) for alias in ALIASES]


def markdown() -> str:
    """``docs/settings.md``, made from the tree itself."""
    parts = [
        "# Settings",
        "",
        "Every setting has a default. Sources, weakest first: the engines chosen on the page (`page.json` in",
        "the data folder), `kaikou.toml` in the working folder (or the file that `KAIKOU_CONFIG` names), the",
        "names of other systems (below), `.env`, the environment, the command line. A dot is a table in",
        "`kaikou.toml`: `stt.engine` is `engine` under `[stt]`. What only one engine knows stands under its",
        "name: `KAIKOU_TTS__SCRIPTED__DELAY_MS`. Lists are JSON or have commas. `kaikou settings` prints",
        "each value in force and where it came from.",
    ]
    section: str | None = None
    for key, known in keys_of(Settings):
        above = ".".join(key[:-1])
        if above != section:
            section = above
            title = f"`[{above}]`" if above else "General"
            parts += [
                "",
                f"## {title}",
                "",
                "| setting | variable | default | meaning |",
                "|---|---|---|---|",
            ]
        name, variable = ".".join(key), variable_of(key)
        if get_origin(known.annotation) is dict:
            inner = get_args(known.annotation)[1]
            for below, inner_known in keys_of(inner):
                path = (*key, "<name>", *below)
                cells = (".".join(path), f"{variable}__<NAME>__{below[-1].upper()}")
                meaning = f"{inner_known.description} Names: {known.description.partition(': ')[2]}"
                parts.append(_line(*cells, _default(inner_known), meaning))
        else:
            parts.append(_line(name, variable, _default(known), known.description or ""))
    parts += ["", "## Names of other systems", ""]
    parts += [
        "An operator's existing variables keep working. The setting's own `KAIKOU_` name counts first.",
        "",
    ]
    parts += ["| variable | setting | note |", "|---|---|---|"]
    for row in alias_rows():
        target = f"`{row.setting}`" if row.setting else "–"
        parts.append(f"| `{row.name}` | {target} | {row.note} |")
    return "\n".join(parts) + "\n"


def _line(name: str, variable: str, default: str, meaning: str) -> str:
    return f"| `{name}` | `{variable}` | {default} | {meaning.replace('|', '·')} |"


def _default(known: Any) -> str:
    if known.default is PydanticUndefined:
        value = known.default_factory() if known.default_factory else None
    else:
        value = known.default
    return f"`{_plain(value)}`" if value not in (None, [], "") else ""


def _values(model: BaseModel, above: Key = ()) -> Iterator[tuple[Key, object]]:
    extra = model.model_extra or {}
    for name in (*type(model).model_fields, *extra):
        yield from _leaf((*above, name), getattr(model, name, extra.get(name)))


def _leaf(key: Key, value: object) -> Iterator[tuple[Key, object]]:
    if isinstance(value, BaseModel):
        yield from _values(value, key)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaf((*key, str(name)), inner)
    else:
        yield key, value


def _shown(key: Key, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, SecretStr):
        return MASK
    if isinstance(value, list) and any(isinstance(one, SecretStr) for one in value):
        return ", ".join(MASK for _ in value)
    text = _plain(value)
    if key == ("database_url",):
        return re.sub(r"(://[^:/@]*):.*@", rf"\1:{MASK}@", text)
    # An engine's own settings are plain values: a name that sounds secret is treated as one.
    free = isinstance(value, str) and len(key) > 2 and key[0] != "providers"
    return MASK if free and _SECRET_NAME.search(key[-1]) else text


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ", ".join(_plain(one) for one in value)
    return str(value)


if __name__ == "__main__":
    print(markdown(), end="")
