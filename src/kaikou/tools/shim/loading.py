"""Files of such plugins: what they import is made for them, what they register is taken.

``conn.config["plugins"][name]`` comes from ``settings.json`` in the folder, by the plugin's name; where
that has a key ``plugins``, the whole file is ``conn.config``. ``plugins_func.functions.x`` is the file
``x.py`` beside the plugin: each plugin gets a copy of its own, loaded with it.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Callable, Generator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from kaikou.engines.ports import Tool
from kaikou.reloading.foreign import let_import, module_of
from kaikou.reloading.modules import execute
from kaikou.tools.function import FunctionTool
from kaikou.tools.shim import register
from kaikou.tools.shim.calling import Anything, RegisteredTool
from kaikou.tools.shim.connection import KeptByConversation
from kaikou.tools.shim.modules import shared_modules

SETTINGS_FILE = "settings.json"
_FUNCTIONS = "plugins_func.functions"
_CLAIMED = frozenset({"plugins_func", "core", "config"})


@dataclass(slots=True)
class Shim:
    """What one file registered and imported. ``config`` is what its functions find at ``conn``."""

    folder: Path
    config: dict[str, Any]
    kept: KeptByConversation = field(default_factory=KeptByConversation)
    registered: dict[str, register.FunctionItem] = field(default_factory=dict)
    beside: dict[str, ModuleType] = field(default_factory=dict)
    """Files of the folder that it imported, by name."""
    asked: set[str] = field(default_factory=set)
    """Their names, also of those that don't load."""

    def tools(self) -> tuple[FunctionTool, ...]:
        """The tools that the file registered."""
        return tuple(_tool(self, name, item) for name, item in self.registered.items())


def add_shim(module: ModuleType, folder: Path, kept: KeptByConversation, asked: set[str]) -> Shim:
    """Let the module import what such a server has; call it before the file is executed. ``asked`` is filled
    with the names of the files beside it that it imports. Touches the disk."""
    shim = Shim(folder, settings_in(folder), kept, asked=asked)
    _let_import(module, shim, shim.registered, module.__name__)
    return shim


def _let_import(
    module: ModuleType, shim: Shim, registered: dict[str, register.FunctionItem], owner: str
) -> None:
    def find(name: str) -> ModuleType | None:
        above, _, last = name.rpartition(".")
        return _beside(shim, last, owner) if above == _FUNCTIONS else None

    def load_config() -> LoadedConfig:
        return LoadedConfig(deepcopy(shim.config))

    functions = module_of(_FUNCTIONS, __getattr__=lambda name: _attribute(shim, name, owner))
    own = {
        "plugins_func.register": _register_module(registered, module.__name__.rpartition(".")[2]),
        _FUNCTIONS: functions,
        "config.config_loader": _config_module(shim.folder, load_config),
        "config.settings": module_of(
            "config.settings", load_config=lambda: LoadedConfig(deepcopy(shim.config))
        ),
    }
    let_import(module, {}, {**shared_modules(), **own}, find=find, claimed=_CLAIMED)


def _register_module(registered: dict[str, register.FunctionItem], file: str) -> ModuleType:
    names: dict[str, list[str]] = {}

    def register_function(
        name: str, desc: Any, type: register.ToolType | None = None
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        def mark(function: Callable[..., Any]) -> Callable[..., Any]:
            registered[name] = register.FunctionItem(name, desc, function, type)
            names.setdefault(file, []).append(name)
            return function

        return mark

    return module_of(
        "plugins_func.register",
        ToolType=register.ToolType,
        Action=register.Action,
        ActionResponse=register.ActionResponse,
        FunctionItem=register.FunctionItem,
        FunctionRegistry=lambda: register.FunctionRegistry(registered),
        DeviceTypeRegistry=register.DeviceTypeRegistry,
        device_type_registry=register.DeviceTypeRegistry(),
        register_function=register_function,
        register_device_function=register.register_device_function,
        all_function_registry=registered,
        module_func_map=names,
    )


class LoadedConfig(dict[str, Any]):
    """A configuration; some such plugins wait for it, some don't."""

    def __await__(self) -> Generator[None, None, LoadedConfig]:
        yield from ()
        return self


def _config_module(folder: Path, load_config: Callable[[], LoadedConfig]) -> ModuleType:
    def read_config(config_path: str) -> Any:
        import yaml  # type: ignore[import-untyped]  # few plugins need it

        return yaml.safe_load(Path(config_path).read_text("utf-8"))

    return module_of(
        "config.config_loader",
        load_config=load_config,
        get_project_dir=lambda: f"{folder.parent.absolute()}/",
        read_config=read_config,
    )


def _attribute(shim: Shim, name: str, owner: str) -> ModuleType:
    if name.startswith("__"):
        raise AttributeError(name)
    return _beside(shim, name, owner)


def _beside(shim: Shim, name: str, owner: str) -> ModuleType:
    """A file of the folder as a module of the plugin ``owner``. ModuleNotFoundError where there is none."""
    if name in shim.beside:
        return shim.beside[name]
    path = shim.folder / f"{name}.py"
    shim.asked.add(name)
    if not path.is_file():
        raise ModuleNotFoundError(f"there is no {path.name} beside the plugin", name=name)
    module = ModuleType(f"{owner}.{name}")
    module.__file__ = str(path)
    # Before it runs: two files may import each other. What it registers is its own file's to offer.
    shim.beside[name] = sys.modules[module.__name__] = module
    _let_import(module, shim, {}, owner)
    execute(module, path)
    return module


def _tool(shim: Shim, name: str, item: register.FunctionItem) -> RegisteredTool:
    desc = item.description
    about = desc.get("function", desc) if isinstance(desc, Mapping) else {}
    parameters = about.get("parameters") or {"type": "object", "properties": {}}
    options = shim.config["plugins"].get(name)
    said = options.get("description") if isinstance(options, Mapping) else None
    first = next(iter(inspect.signature(item.func).parameters), "")
    return RegisteredTool(
        item.func,
        Tool(str(about.get("name") or name), str(said or about.get("description") or name), parameters),
        Anything,
        title=name.replace("_", " ").capitalize(),
        with_connection=item.type in register.WITH_CONNECTION or first == "conn",
        config=shim.config,
        kept=shim.kept,
    )


def settings_in(folder: Path) -> dict[str, Any]:
    """The configuration of the folder's plugins; ``plugins`` is always there. Touches the disk. ValueError
    where the file is no JSON object."""
    path = folder / SETTINGS_FILE
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        found = {}
    except ValueError as error:
        raise ValueError(f"{path.name} is not valid JSON: {error}") from None
    if not isinstance(found, dict):
        raise ValueError(f"{path.name} must hold an object: options by the plugin's name")
    return found if isinstance(found.get("plugins"), dict) else {"plugins": found}
