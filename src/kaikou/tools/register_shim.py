"""Plugins written for the reference ESP32 server, run unchanged.

Such a file imports ``plugins_func.register`` and ``config.logger`` and registers functions. Both exist
for it alone: its ``__import__`` knows them, ``sys.modules`` doesn't. What its functions return is an
``ActionResponse``; the action says what happens next:

    NONE      nothing is said                 RESPONSE  ``response`` is spoken
    REQLLM    ``result`` goes to the model    RECORD    kept in history, the model isn't asked
    ERROR, NOTFOUND  a failure, ``response`` spoken where there is one

Options of such plugins (``conn.config["plugins"][name]``) come from ``settings.json`` in the folder.
"""

from __future__ import annotations

import asyncio
import builtins
import enum
import inspect
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import BaseModel, ConfigDict

from kaikou.engines.ports import Tool
from kaikou.tools.function import FunctionTool
from kaikou.tools.ports import Caller, Leave, Outcome

SETTINGS_FILE = "settings.json"
_log = logging.getLogger("kaikou.plugins")


class ToolType(enum.Enum):
    """What a function is for; some kinds are given the connection first."""

    NONE = (1, "nothing follows")
    WAIT = (2, "its result is waited for")
    CHANGE_SYS_PROMPT = (3, "changes the system prompt")
    SYSTEM_CTL = (4, "controls the conversation")
    IOT_CTL = (5, "controls a device")
    MCP_CLIENT = (6, "a tool of an MCP server")

    def __init__(self, code: int, message: str) -> None:
        self.code = code
        self.message = message


_WITH_CONNECTION = {ToolType.CHANGE_SYS_PROMPT, ToolType.SYSTEM_CTL, ToolType.IOT_CTL}


class Action(enum.Enum):
    """What happens after the call."""

    ERROR = (-1, "error")
    NOTFOUND = (0, "no such function")
    NONE = (1, "nothing")
    RESPONSE = (2, "speak the response")
    REQLLM = (3, "ask the model")
    RECORD = (4, "keep it, ask nobody")

    def __init__(self, code: int, message: str) -> None:
        self.code = code
        self.message = message


@dataclass(slots=True)
class ActionResponse:
    """What such a function returns."""

    action: Action
    result: Any = None
    response: Any = None


def outcome_of(answer: Any) -> Outcome:
    """An answer of such a function as an outcome."""
    if not isinstance(answer, ActionResponse):
        return Outcome("" if answer is None else str(answer))
    result = "" if answer.result is None else str(answer.result)
    response = None if answer.response is None else str(answer.response)
    match answer.action:
        case Action.RESPONSE:
            return Outcome(result or response or "", speak=result if response is None else response)
        case Action.REQLLM:
            return Outcome(result or response or "")
        case Action.NONE:
            return Outcome(result, speak="")
        case Action.RECORD:
            return Outcome(result, speak=response or "")
        case _:
            return Outcome(result or response or "The plugin reports an error.", response, failed=True)


class Connection:
    """The conversation as such a function sees it. Only what has a meaning here exists."""

    def __init__(self, caller: Caller, options: Mapping[str, Any], loop: asyncio.AbstractEventLoop) -> None:
        self.config: dict[str, Any] = {"plugins": dict(options)}
        self.device_id = caller.device_id
        self.session_id = caller.conversation_id
        self.client_ip: str | None = None
        self.headers = {"device-id": caller.device_id or ""}
        self.logger = PluginLogger()
        self.loop = loop
        self.close_after_chat = False
        """Set by the function: the conversation ends once its words are spoken."""

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"conn.{name} has no counterpart in Kaikou")


class PluginLogger:
    """Takes what such files log: ``logger.bind(tag=TAG).info(…)``."""

    def bind(self, **_: Any) -> PluginLogger:
        return self

    def __getattr__(self, level: str) -> Callable[..., None]:
        number = {"trace": 5, "success": logging.INFO}.get(level) or logging.getLevelName(level.upper())
        if not isinstance(number, int):
            raise AttributeError(level)

        def write(message: Any, *values: Any, **named: Any) -> None:
            said = str(message)
            _log.log(number, "%s", said.format(*values, **named) if values or named else said)

        return write


@dataclass(slots=True)
class Shim:
    """What one file registered, and its options."""

    options: Mapping[str, Any]
    tools: list[FunctionTool] = field(default_factory=list)


def add_shim(module: ModuleType, folder: Path) -> Shim:
    """Give ``module`` an import that knows the two modules; the options are read. Touches the disk."""
    shim = Shim(_options(folder / SETTINGS_FILE))
    register, logger = ModuleType("plugins_func.register"), ModuleType("config.logger")
    vars(register).update(
        ToolType=ToolType,
        Action=Action,
        ActionResponse=ActionResponse,
        register_function=partial(_register, shim),
    )
    vars(logger)["setup_logging"] = PluginLogger
    known = {"plugins_func.register": register, "config.logger": logger}
    tops: dict[str, ModuleType] = {}
    for name, found in known.items():
        top, _, below = name.partition(".")
        tops[name] = ModuleType(top)
        setattr(tops[name], below, found)

    def imports(
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: Any = (),
        level: int = 0,
    ) -> Any:
        if level == 0 and name in known:
            return known[name] if fromlist else tops[name]
        return builtins.__import__(name, globals, locals, fromlist, level)

    vars(module)["__builtins__"] = {**vars(builtins), "__import__": imports}
    return shim


def registered(shim: Shim) -> tuple[FunctionTool, ...]:
    """The tools that the file registered."""
    return tuple(shim.tools)


class _Anything(BaseModel):
    """Arguments of a function whose schema its own file gives; checked against that before."""

    model_config = ConfigDict(extra="allow")


@dataclass(frozen=True, slots=True)
class _RegisteredTool(FunctionTool):
    """A registered function; only the way it is called differs."""

    with_connection: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)

    async def call(self, arguments: Mapping[str, Any], caller: Caller, threads: Any) -> Outcome:
        connection = Connection(caller, self.options, asyncio.get_running_loop())
        given = (connection,) if self.with_connection else ()
        if inspect.iscoroutinefunction(self.function):
            answer = await self.function(*given, **arguments)
        else:
            answer = await threads.run(lambda: self.function(*given, **arguments))
            if inspect.isawaitable(answer):
                answer = await answer
        outcome = outcome_of(answer)
        if connection.close_after_chat:
            return Outcome(outcome.text, outcome.speak, outcome.failed, (Leave(),))
        return outcome


def _register(shim: Shim, name: str, schema: Any, kind: Any = None) -> Callable[[Any], Any]:
    """The decorator: ``schema`` is a function in OpenAI's form."""

    def mark(function: Any) -> Any:
        about = schema.get("function", schema) if isinstance(schema, Mapping) else {}
        parameters = about.get("parameters") or {"type": "object", "properties": {}}
        first = next(iter(inspect.signature(function).parameters), "")
        shim.tools.append(
            _RegisteredTool(
                function,
                Tool(str(about.get("name") or name), str(about.get("description") or name), parameters),
                _Anything,
                title=name.replace("_", " ").capitalize(),
                with_connection=kind in _WITH_CONNECTION or first == "conn",
                options=shim.options,
            )
        )
        return function

    return mark


def _options(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise ValueError(f"{path.name} is not valid JSON: {error}") from None
    if not isinstance(found, dict):
        raise ValueError(f"{path.name} must hold an object: options by the plugin's name")
    return found
