"""Arguments of a call held against the tool's JSON schema."""

from __future__ import annotations

import json
import logging
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, best_match
from referencing import Registry
from referencing.exceptions import Unresolvable

from kaikou.errors import InvalidInput

Draft202012Validator.check_schema({})
"""Reads the schema of schemas, which takes a tenth of a second: here, while the server starts, and not with
the first call in a conversation."""
log = logging.getLogger(__name__)
_NO_OTHER_PLACES: Registry[Any] = Registry()
"""A schema of a foreign server must not make this one fetch addresses."""


def parsed(arguments_json: str) -> dict[str, Any]:
    """The JSON text of a call as an object; nothing at all is an empty one.
    InvalidInput ``invalid_arguments``."""
    text = arguments_json.strip()
    if not text:
        return {}
    try:
        found = json.loads(text)
    except ValueError as error:
        raise InvalidInput(f"The arguments are not valid JSON: {error}.", code="invalid_arguments") from None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise InvalidInput("The arguments must be a JSON object.", code="invalid_arguments")
    return found


class Checker:
    """One tool's schema, compiled once. A schema that is itself wrong lets everything pass: its tool
    may work all the same."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._properties = schema.get("properties") if isinstance(schema.get("properties"), dict) else {}
        try:
            Draft202012Validator.check_schema(schema)
        except SchemaError as error:
            log.warning("a tool's schema is not valid, its arguments go unchecked: %s", error.message)
            self._validator = None
        else:
            self._validator = Draft202012Validator(schema, registry=_NO_OTHER_PLACES)

    def check(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments, small models' slips put right. InvalidInput ``invalid_arguments``, saying which."""
        given = {name: self._mended(name, value) for name, value in arguments.items()}
        if self._validator is None:
            return given
        try:
            problem = best_match(self._validator.iter_errors(given))
        except Unresolvable as error:
            log.warning("a tool's schema points elsewhere, its arguments go unchecked: %s", error)
            return given
        if problem is not None:
            place = ".".join(str(part) for part in problem.absolute_path)
            said = f"{place}: {problem.message}" if place else problem.message
            raise InvalidInput(f"The arguments are wrong: {said}.", code="invalid_arguments", param=place)
        return given

    def _mended(self, name: str, value: Any) -> Any:
        """``"5"`` where a number is asked for, ``"true"`` where yes or no is."""
        wanted = (self._properties or {}).get(name)
        kind = wanted.get("type") if isinstance(wanted, dict) else None
        if not isinstance(value, str):
            return value
        try:
            if kind == "integer":
                return int(value)
            if kind == "number":
                return float(value)
        except ValueError:
            return value
        if kind == "boolean":
            return {"true": True, "false": False}.get(value.strip().lower(), value)
        return value


class Checkers:
    """Compiled schemas by tool, at most ``most`` of them; a changed schema is compiled anew."""

    def __init__(self, most: int = 1_000) -> None:
        self._most = most
        self._kept: OrderedDict[str, tuple[Mapping[str, Any], Checker]] = OrderedDict()

    def of(self, tool_id: str, schema: Mapping[str, Any]) -> Checker:
        kept = self._kept.get(tool_id)
        if kept is None or (kept[0] is not schema and kept[0] != schema):
            kept = (schema, Checker(schema))
            self._kept[tool_id] = kept
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        self._kept.move_to_end(tool_id)
        return kept[1]
