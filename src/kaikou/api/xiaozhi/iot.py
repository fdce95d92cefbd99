"""Things of older firmware (before MCP): descriptors become tools, states what their getters tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from kaikou.api.xiaozhi.device_mcp import as_json
from kaikou.api.xiaozhi.tool_names import safe_names
from kaikou.devices.device import short
from kaikou.devices.ports import DeviceAnswer
from kaikou.engines.ports import Tool
from kaikou.settings.services import DeviceToolSettings

_TYPES = {"number": "number", "integer": "integer", "boolean": "boolean", "string": "string"}

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Ability:
    """A property to read, or a method to call, of a thing."""

    thing: str
    member: str
    method: bool
    tool: Tool


class Things:
    """One device's things. ``send`` takes a message for the device."""

    def __init__(self, send: Callable[[Body], None], limits: DeviceToolSettings) -> None:
        self._send = send
        self._limits = limits
        self._described: dict[str, Body] = {}
        self._states: dict[tuple[str, str], str] = {}
        """By thing and property, those that a tool reads."""
        self._read: set[tuple[str, str]] = set()
        """The properties that a tool reads, by thing."""
        self._abilities: dict[str, _Ability] = {}

    @property
    def tools(self) -> tuple[Tool, ...]:
        return tuple(one.tool for one in self._abilities.values())

    def receive(self, message: Mapping[str, Any]) -> bool:
        """An ``iot`` message; False where it holds neither descriptors nor states."""
        descriptors, states = message.get("descriptors"), message.get("states")
        if isinstance(descriptors, list):
            for one in descriptors:
                name = one.get("name") if isinstance(one, dict) else None
                if not isinstance(name, str):
                    continue
                if name in self._described or len(self._described) < self._limits.max_things:
                    self._described[name] = one
            self._make_tools()
        if isinstance(states, list):
            for one in states:
                self._take_state(one)
        return isinstance(descriptors, list) or isinstance(states, list)

    def call(self, name: str, arguments: Mapping[str, Any]) -> DeviceAnswer | None:
        """None where there is no such tool. A method's effect is not reported by such devices."""
        ability = self._abilities.get(name)
        if ability is None:
            return None
        if ability.method:
            command = {"name": ability.thing, "method": ability.member, "parameters": dict(arguments)}
            try:
                self._send({"type": "iot", "commands": [command]})
            except TypeError as error:
                return DeviceAnswer(f"The arguments can't be sent: {error}.", failed=True)
            return DeviceAnswer("Done.")
        state = self._states.get((ability.thing, ability.member))
        if state is None:
            return DeviceAnswer("The device has not told this yet.", failed=True)
        return DeviceAnswer(state)

    def _take_state(self, told: object) -> None:
        """Of what is told, only what a tool reads is kept: the rest is without a bound."""
        if not isinstance(told, dict):
            return
        thing, state = told.get("name"), told.get("state")
        if not isinstance(thing, str) or not isinstance(state, dict):
            return
        for member, value in state.items():
            if (thing, member) in self._read:
                self._states[thing, member] = as_json(value, self._limits.max_state_chars)

    def _make_tools(self) -> None:
        found = list(islice(self._told(), self._limits.max_tools))
        names = safe_names([name for name, *_ in found])
        self._abilities = {
            name: _Ability(thing, member, method, Tool(name, text, schema))
            for name, (_, thing, member, method, text, schema) in zip(names, found, strict=True)
        }
        self._read = {(one.thing, one.member) for one in self._abilities.values() if not one.method}
        self._states = {place: state for place, state in self._states.items() if place in self._read}

    def _told(self) -> Iterator[tuple[str, str, str, bool, str, Body]]:
        """Name of the tool, thing, member, whether it is a method, description, parameters."""
        for thing, described in self._described.items():
            what = short(described.get("description"), 200)
            for member, one in _members(described.get("properties")):
                text = f"{what}: {short(one.get('description'), 300)}"
                yield f"get_{thing}_{member}", thing, member, False, text, _object({})
            for member, one in _members(described.get("methods")):
                text = f"{what}: {short(one.get('description'), 300)}"
                yield f"{thing}_{member}", thing, member, True, text, _object(one.get("parameters"))


def _members(value: object) -> list[tuple[str, Body]]:
    if not isinstance(value, dict):
        return []
    return [(name, one) for name, one in value.items() if isinstance(name, str) and isinstance(one, dict)]


def _object(parameters: object) -> Body:
    """A JSON schema of a method's parameters; all of them are needed."""
    properties = {
        name: {
            "type": _TYPES.get(short(one.get("type")), "string"),
            "description": short(one.get("description"), 300),
        }
        for name, one in _members(parameters)
    }
    return {"type": "object", "properties": properties, "required": list(properties)}
