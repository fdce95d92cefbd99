"""Reading the settings: every source in order, with where each value came from.

Weakest first: defaults, what was chosen on the page (``page.py``), ``kaikou.toml``, the
names of other systems (``aliases.py``), ``.env``, the environment, the command
line. An error names the variable or line that is wrong; a name nobody knows is a warning with the
nearest known one.
"""

from __future__ import annotations

import difflib
import importlib.util
import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from io import StringIO
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from dotenv import dotenv_values
from dotenv.parser import parse_stream
from pydantic import BaseModel, ValidationError

from kaikou.errors import SettingsError
from kaikou.settings import aliases
from kaikou.settings.page import page_file, read_choices, with_choices
from kaikou.settings.tree import Settings

PREFIX = "KAIKOU_"
CONFIG = "KAIKOU_CONFIG"
Key = tuple[str, ...]
_TABLE_HINT = "Run `kaikou settings` to see each value and where it came from."


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value came from."""

    source: Literal["default", "page", "file", "dotenv", "environment", "command line"] = "default"
    name: str = ""
    """The variable's name, or the dotted key of the file."""
    file: str = ""
    line: int | None = None

    def __str__(self) -> str:
        place = f"{self.file} line {self.line}" if self.line else self.file
        match self.source:
            case "file":
                return place
            case "dotenv":
                return f"{self.name} in {place}"
            case "environment":
                return f"{self.name} in the environment"
            case _:
                return self.source


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """The settings, the origin of each value that is not a default, and what looks wrong."""

    settings: Settings
    origins: Mapping[Key, Origin] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    operator: LoadedSettings | None = None
    """The same without what was chosen on the page, where anything was."""

    def origin(self, key: Key) -> Origin:
        """Where the setting ``key`` (``("stt", "engine")``) came from."""
        return self.origins.get(key, Origin())


def load_settings(
    folder: Path | None = None,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> LoadedSettings:
    """All sources, merged and validated.

    ``folder`` holds ``kaikou.toml`` and ``.env`` (default: the working folder); ``environ``
    stands for the process's environment; ``overrides`` are dotted names with values from the
    command line, None meaning "not given". Raises SettingsError naming what is wrong and where.
    """
    folder = folder or Path.cwd()
    environ = os.environ if environ is None else environ
    dotenv = _read_dotenv(folder / ".env")
    given = dotenv | {
        name: (text, Origin("environment", name)) for name, text in environ.items() if text.strip()
    }
    tree = _Tree()
    for key, value, origin in _read_toml(folder, given):
        tree.put(key, value, origin)
    _put_aliases(tree, given)
    for name, (text, origin) in sorted(given.items()):
        if name.upper().startswith(PREFIX) and name.upper() != CONFIG:
            tree.put_text(tuple(name[len(PREFIX) :].lower().split("__")), text, origin)
    for name, value in (overrides or {}).items():
        if value is not None:
            tree.put(tuple(name.split(".")), value, Origin("command line"))
    _put_api_key(tree, given)
    settings = tree.validated()
    _check_extras(settings, tree)
    unused = aliases.unused({name: text for name, (text, _) in given.items()})
    later = [f"{alias.name} is not used: {alias.note}" for alias in unused]
    loaded = LoadedSettings(settings, dict(tree.origins), (*tree.warnings, *later))
    return _with_page(loaded, folder)


def _with_page(loaded: LoadedSettings, folder: Path) -> LoadedSettings:
    """A page file that can't be used must not keep the server, and so the page, from starting."""
    try:
        choices = read_choices(page_file(folder / loaded.settings.data_dir))
    except SettingsError as error:
        return replace(loaded, warnings=(*loaded.warnings, str(error)))
    return with_choices(loaded, choices) if choices else loaded


class _Tree:
    """Values gathered so far, the strongest last."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.origins: dict[Key, Origin] = {}
        self.warnings: list[str] = []

    def put(self, key: Key, value: object, origin: Origin) -> None:
        """Set one value, or each value of a table."""
        found = annotation_at(Settings, key)
        if found is UNKNOWN:
            self.warnings.append(_unknown(key, origin))
            return
        if isinstance(value, Mapping):
            for name, inner in value.items():
                self.put((*key, str(name)), inner, origin)
            return
        if _is_section(found):
            raise SettingsError(
                f"{origin}: {'.'.join(key)} is a group of settings, not a value.",
                hint=f"Write it as {'.'.join(key)}.<name>.",
                param=".".join(key),
            )
        branch = self.values
        for name in key[:-1]:
            below = branch.setdefault(name, {})
            if not isinstance(below, dict):
                raise SettingsError(f"{origin}: {name} holds a value already and can't be a group.")
            branch = below
        branch[key[-1]] = value
        self.origins[key] = origin

    def put_text(self, key: Key, text: str, origin: Origin) -> None:
        """Set a value that came as text: lists are JSON or comma-separated, groups are JSON."""
        kind = annotation_at(Settings, key)
        value: object = text
        if kind is not UNKNOWN:
            try:
                value = _parse(text, kind)
            except ValueError:
                raise SettingsError(
                    f"{origin}: {'.'.join(key)} is not valid JSON.", hint=_TABLE_HINT, param=".".join(key)
                ) from None
        self.put(key, value, origin)

    def has(self, key: Key) -> bool:
        return key in self.origins

    def validated(self) -> Settings:
        try:
            return Settings.model_validate(self.values)
        except ValidationError as error:
            raise self._explain(error) from None

    def _explain(self, error: ValidationError) -> SettingsError:
        lines, first = [], ""
        for problem in error.errors(include_input=False, include_url=False):
            place = tuple(str(part) for part in problem["loc"])
            key = next((place[:n] for n in range(len(place), 0, -1) if place[:n] in self.origins), place)
            origin = self.origins.get(key, Origin())
            dotted = ".".join(key)
            first = first or dotted
            lines.append(f"{origin}: {dotted} is not usable: {_lower(problem['msg'])}.")
        return SettingsError("\n".join(lines), hint=_TABLE_HINT, param=first)


UNKNOWN = object()
"""What :func:`annotation_at` says of a key that is no setting."""


def annotation_at(model: type[BaseModel], key: Key) -> Any:
    """The type of the setting ``key``; Any below an engine's own name; UNKNOWN for no setting."""
    kind: Any = model
    for depth, name in enumerate(key):
        kind = _unwrapped(kind)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            known = kind.model_fields.get(name)
            if known is None:
                engine_option = kind.model_config.get("extra") == "allow" and depth < len(key) - 1
                return Any if engine_option else UNKNOWN
            kind = known.annotation
        elif get_origin(kind) is dict:
            kind = get_args(kind)[1]
        else:
            return UNKNOWN
    return _unwrapped(kind)


def keys_of(model: type[BaseModel], above: Key = ()) -> Iterator[tuple[Key, Any]]:
    """Every fixed setting of a model as (key, pydantic FieldInfo), depth first."""
    for name, known in model.model_fields.items():
        kind = _unwrapped(known.annotation)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from keys_of(kind, (*above, name))
        else:
            yield (*above, name), known


def variable_of(key: Key) -> str:
    """The environment's name of a setting."""
    return PREFIX + "__".join(key).upper()


def _unwrapped(kind: Any) -> Any:
    """``X | None`` is X; anything else is itself."""
    if get_origin(kind) in {Union, UnionType}:
        rest = [part for part in get_args(kind) if part is not type(None)]
        return rest[0] if len(rest) == 1 else kind
    return kind


def _is_section(kind: Any) -> bool:
    return get_origin(kind) is dict or (isinstance(kind, type) and issubclass(kind, BaseModel))


def _parse(text: str, kind: Any) -> object:
    opening = text.lstrip()[:1]
    if get_origin(kind) in {list, tuple}:
        return json.loads(text) if opening == "[" else [p.strip() for p in text.split(",") if p.strip()]
    if opening == "{" and _is_section(kind):
        return json.loads(text)
    if kind is Any and opening in {"[", "{"}:
        return json.loads(text)
    return text


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]


def _unknown(key: Key, origin: Origin) -> str:
    names = {".".join(known): known for known, _ in keys_of(Settings)}
    dotted = ".".join(key)
    near = difflib.get_close_matches(dotted, names, n=1, cutoff=0.6)
    said = f"{origin}: there is no setting {dotted!r}; it is ignored."
    if not near:
        return said
    meant = near[0] if origin.source == "file" else variable_of(names[near[0]])
    return f"{said} Did you mean {meant}?"


def _read_dotenv(path: Path) -> dict[str, tuple[str, Origin]]:
    text = _read(path)
    if text is None:
        return {}
    lines: dict[str, int] = {}
    for binding in parse_stream(StringIO(text)):
        if binding.error:
            raise SettingsError(
                f"{path.name} line {binding.original.line} is not of the form NAME=value.",
                hint="Quote values that hold spaces or quotes.",
            )
        if binding.key:
            # What was matched may begin with blank lines before the binding.
            before = binding.original.string.partition(binding.key)[0]
            lines[binding.key] = binding.original.line + before.count("\n")
    values = dotenv_values(stream=StringIO(text))
    return {
        name: (value, Origin("dotenv", name, path.name, lines.get(name)))
        for name, value in values.items()
        if value and value.strip()
    }


def _read_toml(folder: Path, given: Mapping[str, tuple[str, Origin]]) -> Iterator[tuple[Key, object, Origin]]:
    named = given.get(CONFIG)
    path = folder / (named[0] if named else "kaikou.toml")
    text = _read(path)
    if text is None:
        if named:
            raise SettingsError(f"{named[1]}: there is no file {named[0]}.", param=CONFIG)
        return
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path.name} is not valid TOML: {_lower(str(error))}.") from None
    for key, value in _leaves(tables):
        yield key, value, Origin("file", ".".join(key), path.name, _line_of(text, key))


def _read(path: Path) -> str | None:
    try:
        return path.read_text("utf-8-sig")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path.name} can't be read: {error}.", hint="Save it as UTF-8 text.") from None


def _leaves(table: Mapping[str, Any], above: Key = ()) -> Iterator[tuple[Key, object]]:
    for name, value in table.items():
        key = (*above, name.replace("-", "_"))
        if isinstance(value, dict):
            yield from _leaves(value, key)
        else:
            yield key, value


def _line_of(text: str, key: Key) -> int | None:
    """The line that sets ``key``: tomllib gives no positions, so headers and keys are matched."""
    table: Key = ()
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        if bare.startswith("["):
            table = _toml_key(bare.strip("[]").split("]")[0])
        elif "=" in bare and not bare.startswith("#"):
            written = (*table, *_toml_key(bare.split("=", 1)[0]))
            if key[: len(written)] == written:
                return number
    return None


def _toml_key(text: str) -> Key:
    return tuple(part.strip().strip("\"'").replace("-", "_") for part in text.split("."))


def _put_aliases(tree: _Tree, given: Mapping[str, tuple[str, Origin]]) -> None:
    texts = {name: text for name, (text, _) in given.items()}
    if aliases.wants_postgres(texts):
        tree.put(("database_url",), aliases.postgres_url(texts), given["DATABASE_TYPE"][1])
    for alias in reversed(aliases.ALIASES):
        if alias.target is None or alias.name not in given or alias.name == "API_KEY":
            continue
        text, origin = given[alias.name]
        try:
            value = alias.convert(text)
        except ValueError as error:
            raise SettingsError(
                f"{origin}: {error}.", hint="See `kaikou settings --aliases`.", param=alias.name
            ) from None
        if isinstance(value, str):
            tree.put_text(alias.target, value, origin)
        elif value is not None:
            tree.put(alias.target, value, origin)


def _put_api_key(tree: _Tree, given: Mapping[str, tuple[str, Origin]]) -> None:
    """Last, because its meaning depends on whether ``llm.base_url`` is set."""
    if "API_KEY" not in given:
        return
    text, origin = given["API_KEY"]
    target = aliases.api_key_target(tree.has(("llm", "base_url")))
    if not tree.has(target) or tree.origins[target].source == "file":
        tree.put(target, text, origin)


def _check_extras(settings: Settings, tree: _Tree) -> None:
    if settings.stt.engine == "vosk" and importlib.util.find_spec("vosk") is None:
        raise SettingsError(
            f"{tree.origins.get(('stt', 'engine'), Origin())}: the engine vosk is not installed.",
            code="missing_extra",
            hint="Install the extra: pip install 'kaikou[vosk]'.",
            param="stt.engine",
        )
