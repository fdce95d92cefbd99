"""Intent modules written for the reference ESP32 server, run unchanged.

Such a file has a class ``IntentProvider`` with ``async detect_intent(conn, dialogue_history, text)``, on a
base class it imports from ``..base``, and gives JSON such as ``{"function_call": {"name": "play_music",
"arguments": {}}}``; the name ``continue_chat`` stands for no tool. It runs in a thread with an event loop of
its own, as it may ask its model with blocking calls.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import secrets
from collections.abc import Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from kaikou.engines.ports import Generation, Lane, LanguageModel, Message, Tool, ToolCall
from kaikou.intent.ports import Decision
from kaikou.reloading.folder import Threads
from kaikou.reloading.foreign import LoguruLike, let_import, module_of
from kaikou.reloading.reference.modules import common_modules, project_module

_log = logging.getLogger("kaikou.intent")
_NO_TOOL = frozenset({"continue_chat", "result_for_context", "none", ""})
_MAX_TOKENS = 300


class IntentProviderBase:
    """What such providers are derived from."""

    def __init__(self, config: Any = None) -> None:
        self.config = config or {}
        self.llm: Any = None

    def set_llm(self, llm: Any) -> None:
        self.llm = llm

    async def detect_intent(self, conn: Any, dialogue_history: Any, text: str) -> Any:
        raise NotImplementedError


class ProviderIntent:
    """A provider behind the port."""

    offers = False

    def __init__(self, provider: Callable[..., Any], threads: Threads) -> None:
        self.description = inspect.getdoc(provider) or "Written for the reference ESP32 server."
        self._provider = provider
        self._threads = threads

    async def decide(
        self, messages: Sequence[Message], tools: Sequence[Tool], model: LanguageModel
    ) -> Decision:
        said = _Said(messages)
        text = next((one.content for one in reversed(said) if one.role == "user"), "")
        functions = [{"type": "function", "function": _described(tool)} for tool in tools]
        handler = SimpleNamespace(get_functions=lambda: functions)
        conn = SimpleNamespace(
            func_handler=handler, config={"plugins": {}}, session_id="", device_id="", dialogue=said
        )
        asked = _Model(model, asyncio.get_running_loop())

        def detect() -> Any:
            provider = self._provider({})
            provider.set_llm(asked)
            return asyncio.run(provider.detect_intent(conn, said, text))

        return Decision(calls=_calls(await self._threads.run(detect), {tool.name for tool in tools}))


class _Model:
    """The answering model as such a provider calls it: blocking, in its thread."""

    def __init__(self, model: LanguageModel, loop: asyncio.AbstractEventLoop) -> None:
        self._model = model
        self._loop = loop

    def response_no_stream(self, system_prompt: str, user_prompt: str, **_: Any) -> str:
        asked = self._answer([Message("system", system_prompt), Message("user", user_prompt)])
        return asyncio.run_coroutine_threadsafe(asked, self._loop).result()

    async def _answer(self, messages: Sequence[Message]) -> str:
        generation = Generation(max_tokens=_MAX_TOKENS, temperature=0)
        async with aclosing(self._model.stream(messages, generation, lane=Lane.LIVE)) as deltas:
            return "".join([delta.text async for delta in deltas])


def _described(tool: Tool) -> dict[str, Any]:
    return {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}


def _calls(answer: Any, known: set[str]) -> tuple[ToolCall, ...]:
    """The call of an answer, where it names a tool there is. ValueError for what is no JSON."""
    if isinstance(answer, str):
        start, end = answer.find("{"), answer.rfind("}")
        if start < 0 or end < start:
            return ()
        answer = json.loads(answer[start : end + 1])
    called = answer.get("function_call") if isinstance(answer, dict) else None
    if not isinstance(called, dict) or str(called.get("name", "")) in _NO_TOOL:
        return ()
    name, given = str(called["name"]), called.get("arguments") or {}
    if name not in known:
        return ()
    arguments = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
    return (ToolCall(f"call_{secrets.token_hex(8)}", name, arguments),)


def with_base(module: ModuleType, folder: Path) -> None:
    """Let the file, in ``folder``, import the base class and helpers of the server it may be written for."""
    base = module_of("base", IntentProviderBase=IntentProviderBase, logger=LoguruLike(_log))
    music = module_of("play_music", initialize_music_handler=lambda _: {"music_file_names": []})
    whole = {
        **common_modules(_log),
        "core.providers.intent.base": base,
        "core.connection": module_of("core.connection", ConnectionHandler=SimpleNamespace),
        "config.config_loader": project_module(folder),
        # Songs are found by the tool that plays them, not by the prompt.
        "plugins_func.functions.play_music": music,
    }
    let_import(module, {"base": base}, whole, claimed=frozenset({"core", "config", "plugins_func"}))


class _Said(list[SimpleNamespace]):
    """What was said, for those that look for it below ``conn.dialogue.dialogue`` as well."""

    def __init__(self, messages: Sequence[Message]) -> None:
        super().__init__(
            SimpleNamespace(role=one.role, content=one.content) for one in messages if one.content
        )
        self.dialogue = list(self)
