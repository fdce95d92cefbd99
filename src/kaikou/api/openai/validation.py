"""Says exactly which field of a client's message is wrong, and how."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from kaikou.errors import InvalidInput

Model = TypeVar("Model", bound=BaseModel)

_CODES = {"missing": "missing_required_parameter", "union_tag_not_found": "missing_required_parameter"}


def validated(model: type[Model], raw: dict[str, Any], at: str = "") -> Model:
    """``raw`` as ``model``. Raises InvalidInput whose ``param`` is the dotted path of the first
    wrong field, beginning with ``at``, and whose ``code`` is one of ``missing_required_parameter``,
    ``invalid_type``, ``invalid_value`` (the API's own names)."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        kind = first["type"]
        param = ".".join((*([at] if at else []), *_path(first["loc"], raw)))
        code = _CODES.get(kind, "invalid_type" if kind.endswith("_type") else "invalid_value")
        if code == "missing_required_parameter":
            message = f"Missing required parameter: {param!r}."
        else:
            message = f"Invalid {code.removeprefix('invalid_')} for {param!r}: {_sentence(first['msg'])}"
        raise InvalidInput(message, code=code, param=param) from None


def _path(loc: tuple[int | str, ...], raw: Any) -> list[str]:
    """The part of a pydantic location that exists on the wire (tags of unions do not)."""
    path: list[str] = []
    node = raw
    for index, part in enumerate(loc):
        inside = (
            part in node if isinstance(node, dict) else isinstance(node, list) and part in range(len(node))
        )
        if inside:
            node = node[part]
        elif not (index == len(loc) - 1 and isinstance(node, dict) and isinstance(part, str)):
            continue  # the name of a union's branch
        path.append(str(part))
    return path


def _sentence(text: str) -> str:
    text = text.removeprefix("Value error, ")
    return text if text.endswith(".") else text + "."
