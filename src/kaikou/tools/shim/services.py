"""What such plugins find at ``conn`` to work with: the language model, the other tools, threads."""

from __future__ import annotations

import asyncio
import concurrent.futures
import json
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from kaikou.engines.ports import Message, Tool
from kaikou.tools.ports import Outcome
from kaikou.tools.shim.register import Action, ActionResponse, FunctionItem
from kaikou.tools.threads import ToolThreads

if TYPE_CHECKING:
    from kaikou.tools.shim.connection import Connection, PluginLoop

ANSWER_SECONDS = 60.0
"""So long a plugin's thread waits for the language model."""

Result = TypeVar("Result")


def waited(loop: PluginLoop, what: str, coroutine: Coroutine[Any, Any, Result], seconds: float) -> Result:
    """The coroutine's result, for a thread that may block. RuntimeError on the event loop, which may not."""
    if loop.here():
        coroutine.close()
        raise RuntimeError(f"{what} blocks: call it from a plain def, or by asyncio.to_thread")
    return asyncio.run_coroutine_threadsafe(coroutine, loop.real).result(seconds)


class Model:
    """``conn.llm``: the conversation's language model, blocking; its answer comes in one piece."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def response_no_stream(self, system_prompt: str, user_prompt: str, **_: Any) -> str:
        return self._ask([Message("system", system_prompt), Message("user", user_prompt)])

    def response(self, session_id: str, dialogue: Sequence[Mapping[str, Any]], **_: Any) -> Iterator[str]:
        yield self._ask([_message(one) for one in dialogue])

    def response_with_functions(
        self, session_id: str, dialogue: Sequence[Mapping[str, Any]], functions: Any = None, **_: Any
    ) -> Iterator[tuple[str, None]]:
        """Answers in words: what calls tools is the conversation."""
        yield self._ask([_message(one) for one in dialogue]), None

    def _ask(self, messages: Sequence[Message]) -> str:
        connection = self._connection
        return waited(connection.loop, "conn.llm", connection.caller.ask(messages), ANSWER_SECONDS)


def _message(one: Mapping[str, Any]) -> Message:
    role = str(one.get("role", "user"))
    content = str(one.get("content") or "")
    # A result without its call is no prompt; its words are kept.
    return Message("user" if role not in {"system", "user", "assistant"} else role, content)  # type: ignore[arg-type]


class FunctionHandler:
    """``conn.func_handler``: the tools of the conversation, whatever offers them."""

    finish_init = True

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.function_registry = self

    def get_functions(self) -> list[dict[str, Any]]:
        """In OpenAI's form."""
        return [{"type": "function", "function": _described(tool)} for tool in self._tools()]

    def current_support_functions(self) -> list[str]:
        """Their names."""
        return [tool.name for tool in self._tools()]

    def has_tool(self, name: str) -> bool:
        return name in self.current_support_functions()

    def get_function(self, name: str) -> FunctionItem | None:
        for tool in self._tools():
            if tool.name == name:
                desc = {"type": "function", "function": _described(tool)}
                return FunctionItem(name, desc, partial(self._use, name))
        return None

    register_function = get_function
    """What the conversation has is there already."""

    def unregister_function(self, name: str) -> bool:
        """Takes nothing away: an agent's list says what it may use."""
        return False

    def upload_functions_desc(self) -> None:
        """Nothing to do: the model is always offered what there is."""

    async def handle_llm_function_call(self, conn: Any, call: Mapping[str, Any]) -> ActionResponse:
        """Call a tool as the model does: ``{"name": …, "arguments": …}``."""
        given = call.get("arguments") or {}
        arguments = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
        outcome: Outcome = await self._connection.caller.use(str(call.get("name", "")), arguments)
        self._connection.effects.extend(outcome.effects)
        if outcome.failed:
            return ActionResponse(Action.ERROR, outcome.text, outcome.text)
        if outcome.speak is None:
            return ActionResponse(Action.REQLLM, outcome.text)
        return ActionResponse(Action.RESPONSE if outcome.speak else Action.NONE, outcome.text, outcome.speak)

    def _use(self, name: str, *_: Any, **arguments: Any) -> ActionResponse:
        asked = self.handle_llm_function_call(None, {"name": name, "arguments": arguments})
        return waited(self._connection.loop, f"the tool {name}", asked, ANSWER_SECONDS)

    def _tools(self) -> Sequence[Tool]:
        connection = self._connection
        if connection.loop.here():
            return connection.caller.tools()

        async def look() -> Sequence[Tool]:
            return connection.caller.tools()

        return waited(connection.loop, "conn.func_handler", look(), ANSWER_SECONDS)


def _described(tool: Tool) -> dict[str, Any]:
    return {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}


class Executor:
    """``conn.executor``: functions run beside the call, in the tools' threads."""

    def __init__(self, loop: PluginLoop, threads: ToolThreads) -> None:
        self._loop = loop
        self._threads = threads

    def submit(
        self, function: Callable[..., Result], /, *given: Any, **named: Any
    ) -> asyncio.Future[Result] | concurrent.futures.Future[Result]:
        started: asyncio.Future[Result] | concurrent.futures.Future[Result]
        started = self._loop.create_task(self._threads.run(partial(function, *given, **named)))
        return started
