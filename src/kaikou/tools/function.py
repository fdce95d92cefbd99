"""A Python function as a tool: its JSON schema from annotations and docstring.

    @tool
    async def light(room: str, on: bool = True) -> str:
        \"\"\"Switch the light of a room.\"\"\"

The function stays what it was and can be called and tested as ever; what the model needs to know
hangs on it. A sync function runs in a thread of its own.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints, overload

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic_core import to_json

from kaikou.engines.ports import Tool
from kaikou.errors import InvalidInput
from kaikou.tools.ports import Caller, Outcome, ToolSpec
from kaikou.tools.threads import ToolThreads

Function = TypeVar("Function", bound=Callable[..., Any])
MARK = "__kaikou_tool__"
_ARGS = re.compile(r"^\s*(Args|Arguments|Parameters|参数)\s*[:：]\s*$")
_SECTION = re.compile(r"^\s*(Returns|Raises|Yields|Examples?|Notes?|返回)\s*[:：]")
_GOOGLE = re.compile(r"^\s+\*{0,2}(\w+)\s*(?:\([^)]*\))?\s*[:：]\s*(.+)$")
_SPHINX = re.compile(r"^\s*:param\s+(?:\S+\s+)?(\w+):\s*(.+)$")


@dataclass(frozen=True, slots=True)
class FunctionTool:
    """A function with what the model is told of it."""

    function: Callable[..., Any]
    tool: Tool
    arguments: type[BaseModel]
    caller: str | None = None
    """Name of the parameter that takes the ``Caller``."""
    title: str = ""
    timeout: float = 30.0
    needs: str = ""
    direct: bool = False
    offered: Callable[[Caller], bool] | None = None
    """Whether this caller gets it at all; None: everybody."""

    def spec(self, source: str) -> ToolSpec:
        return ToolSpec(self.tool, source, self.title, self.timeout, self.needs, self.direct)

    async def call(self, arguments: Mapping[str, Any], caller: Caller, threads: ToolThreads) -> Outcome:
        """Call the function. InvalidInput ``invalid_arguments`` where the arguments don't fit its
        annotations; what it raises itself goes through."""
        try:
            given = self.arguments.model_validate(arguments)
        except ValidationError as error:
            raise InvalidInput(_said(error), code="invalid_arguments") from None
        values = {name: getattr(given, name) for name in type(given).model_fields}
        if self.caller is not None:
            values[self.caller] = caller
        if inspect.iscoroutinefunction(self.function):
            return outcome_of(await self.function(**values))
        result = await threads.run(lambda: self.function(**values))
        return outcome_of(await result if inspect.isawaitable(result) else result)


@overload
def tool(function: Function, /) -> Function: ...


@overload
def tool(
    *,
    name: str | None = None,
    description: str | None = None,
    title: str = "",
    timeout: float = 30.0,
    needs: str = "",
    direct: bool = False,
    examples: Sequence[str] = (),
    places: Mapping[str, str] | None = None,
    whole: str = "",
    said: Sequence[str] = (),
    slots: Sequence[str] = (),
    follow: Sequence[str] = (),
    again: str = "",
) -> Callable[[Function], Function]: ...


def tool(function: Any = None, /, **options: Any) -> Any:
    """Make a function a tool, bare or with options: ``name`` (the function's), ``description`` (its
    docstring), ``title`` for the page, ``timeout`` in seconds, ``needs`` (what is missing before it can
    be used), ``direct`` (what it speaks isn't fed back to the model), ``examples`` (what people say who
    want it, with ``{parameter}`` where they name one: the offline model's tools are found by them; see
    ``engines.ports.Tool`` for how they are written, and for ``places``, ``whole``, ``said``, ``slots``,
    ``follow`` and ``again``).

    Raises TypeError where a parameter can't be described to a model."""

    def mark(function: Function) -> Function:
        # Annotations may name what the file defines further down: they are read once it is whole.
        setattr(function, MARK, options)
        return function

    return mark(function) if function is not None else mark


def declared(function: Callable[..., Any]) -> FunctionTool | None:
    """The tool that a function was made by ``@tool``, if it was. Raises TypeError as ``tool`` says."""
    options = getattr(function, MARK, None)
    return None if options is None else function_tool(function, **options)


def function_tool(
    function: Callable[..., Any],
    *,
    name: str | None = None,
    description: str | None = None,
    title: str = "",
    timeout: float = 30.0,
    needs: str = "",
    direct: bool = False,
    examples: Sequence[str] = (),
    places: Mapping[str, str] | None = None,
    whole: str = "",
    said: Sequence[str] = (),
    slots: Sequence[str] = (),
    follow: Sequence[str] = (),
    again: str = "",
    offered: Callable[[Caller], bool] | None = None,
) -> FunctionTool:
    """Read a function's signature and docstring. Raises TypeError where that can't be done."""
    known = name or function.__name__
    hints = get_type_hints(function, include_extras=True)
    about, of_parameters = _documented(inspect.getdoc(function) or "")
    fields: dict[str, Any] = {}
    caller: str | None = None
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind not in {parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY}:
            raise TypeError(f"{known}: the parameter {parameter} can't be given by name")
        annotation = hints.get(parameter.name, str)
        if _is_caller(annotation):
            caller = parameter.name
            continue
        default = ... if parameter.default is parameter.empty else parameter.default
        fields[parameter.name] = _field(annotation, default, of_parameters.get(parameter.name))
    try:
        model = create_model(known, __config__=ConfigDict(extra="forbid", protected_namespaces=()), **fields)
        schema = model.model_json_schema()
    except Exception as error:
        raise TypeError(f"{known}: its parameters can't be described: {error}") from error
    described = description or about
    if not described:
        raise TypeError(f"{known}: it needs a docstring; the model knows the tool by it alone")
    return FunctionTool(
        function,
        Tool(
            known,
            described,
            _plain(schema),
            tuple(examples),
            dict(places or {}),
            whole,
            tuple(said),
            tuple(slots),
            tuple(follow),
            again,
        ),
        model,
        caller,
        title or known.replace("_", " ").capitalize(),
        timeout,
        needs,
        direct,
        offered,
    )


def outcome_of(result: Any) -> Outcome:
    """What a function returned, as an outcome: text as it is, nothing as "Done.", the rest as JSON."""
    if isinstance(result, Outcome):
        return result
    if result is None:
        return Outcome("Done.")
    if isinstance(result, str):
        return Outcome(result)
    return Outcome(to_json(result, fallback=str).decode())


def _field(annotation: Any, default: Any, described: str | None) -> Any:
    """The parameter for pydantic; a bare text in ``Annotated`` describes it."""
    if get_origin(annotation) is Annotated:
        kind, *notes = get_args(annotation)
        texts = [note for note in notes if isinstance(note, str)]
        if texts:
            described = texts[0]
            rest = tuple(note for note in notes if not isinstance(note, str))
            annotation = Annotated[(kind, *rest)] if rest else kind
    if described is None:
        return (annotation, default)
    return (Annotated[annotation, Field(description=described)], default)


def _is_caller(annotation: Any) -> bool:
    if get_origin(annotation) in {Union, UnionType}:
        return any(_is_caller(part) for part in get_args(annotation))
    return annotation is Caller


def _documented(doc: str) -> tuple[str, dict[str, str]]:
    """A docstring's account of the whole, and of each parameter (Google's or Sphinx's way)."""
    about: list[str] = []
    parameters: dict[str, str] = {}
    where, last = "about", ""
    for line in doc.splitlines():
        if _ARGS.match(line):
            where = "args"
        elif _SECTION.match(line):
            where = "rest"
        elif found := _SPHINX.match(line):
            parameters[found[1]] = found[2].strip()
        elif where == "args" and (found := _GOOGLE.match(line)):
            last = found[1]
            parameters[last] = found[2].strip()
        elif where == "args" and last and line.strip():
            parameters[last] += " " + line.strip()
        elif where == "about" and not line.lstrip().startswith(":return"):
            about.append(line)
    return " ".join(" ".join(about).split()), parameters


def _plain(node: Any) -> Any:
    """The schema without pydantic's titles: they cost tokens and tell the model nothing."""
    if isinstance(node, dict):
        return {
            key: ({name: _plain(one) for name, one in value.items()} if key in _NAMED else _plain(value))
            for key, value in node.items()
            if not (key == "title" and isinstance(value, str))
        }
    if isinstance(node, list):
        return [_plain(one) for one in node]
    return node


_NAMED = {"properties", "$defs"}
"""Below these, keys are names chosen by people: one may well be ``title``."""


def _said(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, one['loc'])) or 'arguments'}: {one['msg']}" for one in problems)
