"""``plugins_func.register``: kinds of functions, and what they answer.

NONE      nothing is said                 RESPONSE  ``response`` is spoken
REQLLM    ``result`` goes to the model    RECORD    kept in history, the model isn't asked
ERROR, NOTFOUND  a failure, ``response`` spoken where there is one
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kaikou.tools.ports import Outcome


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


WITH_CONNECTION = frozenset({ToolType.CHANGE_SYS_PROMPT, ToolType.SYSTEM_CTL, ToolType.IOT_CTL})


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


def outcome_of(answer: Any, *, spoke: bool = False) -> Outcome:
    """An answer of such a function as an outcome. ``spoke``: it had something spoken or played of its own
    accord, so that what it only records isn't said on top."""
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
            return Outcome(result, speak="" if spoke else response or "")
        case _:
            return Outcome(result or response or "The plugin reports an error.", response, failed=True)


@dataclass(slots=True)
class FunctionItem:
    """A registered function."""

    name: str
    description: Any
    """In OpenAI's form."""
    func: Callable[..., Any]
    type: ToolType | None = None


class FunctionRegistry:
    """Functions that a file picks from those it registered."""

    def __init__(self, known: Mapping[str, FunctionItem]) -> None:
        self.function_registry: dict[str, FunctionItem] = {}
        self._known = known

    def register_function(self, name: str, func_item: FunctionItem | None = None) -> FunctionItem | None:
        found = func_item or self._known.get(name)
        if found is not None:
            self.function_registry[name] = found
        return found

    def unregister_function(self, name: str) -> bool:
        return self.function_registry.pop(name, None) is not None

    def get_function(self, name: str) -> FunctionItem | None:
        return self.function_registry.get(name)

    def get_all_functions(self) -> dict[str, FunctionItem]:
        return self.function_registry

    def get_all_function_desc(self) -> list[Any]:
        return [item.description for item in self.function_registry.values()]


class DeviceTypeRegistry:
    """Functions by the type of a device, which its properties and methods make up."""

    def __init__(self) -> None:
        self.type_functions: dict[str, Mapping[str, FunctionItem]] = {}

    def generate_device_type_id(self, descriptor: Mapping[str, Any]) -> str:
        properties, methods = sorted(descriptor["properties"]), sorted(descriptor["methods"])
        return f"{descriptor['name']}:{','.join(properties)}:{','.join(methods)}"

    def get_device_functions(self, type_id: str) -> Mapping[str, FunctionItem]:
        return self.type_functions.get(type_id, {})

    def register_device_type(self, type_id: str, functions: Mapping[str, FunctionItem]) -> None:
        self.type_functions.setdefault(type_id, functions)


def register_device_function(
    name: str, desc: Any, type: ToolType | None = None
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Leaves the function as it is: what calls such functions is the device they were made for."""
    return lambda function: function
