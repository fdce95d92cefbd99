"""Memory modules written for the reference ESP32 server, run unchanged.

Such a file has a class ``MemoryProvider`` with ``save_memory(msgs)`` and ``query_memory(query)``, on a base
class it imports from ``..base``. That base exists for the file alone. One provider is made for each person,
as that server makes one for each connection; it is told the agent's and the person's ids as ``role_id``.
Its methods run in a thread with an event loop of their own: such files ask their model with blocking calls.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from inspect import signature
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from kaikou.engines.ports import Message
from kaikou.memory.ports import Kit, Turn, Whose
from kaikou.reloading.folder import Threads
from kaikou.reloading.foreign import LoguruLike, let_import, module_of
from kaikou.reloading.reference.modules import common_modules, project_module

_log = logging.getLogger("kaikou.memory")
_MOST_PROVIDERS = 100


class MemoryProviderBase:
    """What such providers are derived from."""

    def __init__(self, config: Any = None) -> None:
        self.config = config or {}
        self.role_id: str | None = None
        self.llm: Any = None

    def set_llm(self, llm: Any) -> None:
        self.llm = llm

    def init_memory(self, role_id: str, llm: Any, **_: Any) -> None:
        self.role_id = role_id
        self.llm = llm

    async def save_memory(self, msgs: Any) -> Any:
        raise NotImplementedError

    async def query_memory(self, query: str) -> str:
        raise NotImplementedError


class _Model:
    """The language model as such a provider calls it: blocking, in the provider's thread."""

    def __init__(self, kit: Kit, whose: Whose, loop: asyncio.AbstractEventLoop) -> None:
        self._kit = kit
        self._whose = whose
        self._loop = loop

    def response_no_stream(self, system_prompt: str, user_prompt: str, **_: Any) -> str:
        messages = [Message("system", system_prompt), Message("user", user_prompt)]
        asked = self._kit.ask(self._whose, messages)
        return asyncio.run_coroutine_threadsafe(asked, self._loop).result()


class ProviderModule:
    """A provider behind the port."""

    def __init__(self, provider: Callable[..., Any], kit: Kit, name: str, threads: Threads) -> None:
        self._threads = threads
        self.title = name
        self.description = inspect.getdoc(provider) or "Written for the reference ESP32 server."
        self._provider = provider
        self._kit = kit
        self._made: OrderedDict[Whose, Any] = OrderedDict()

    async def recall(self, whose: Whose, query: str) -> str:
        if query:
            provider = self._of(whose)
            found = await self._threads.run(lambda: asyncio.run(provider.query_memory(query)))
            return "" if found is None else str(found)
        return ""

    async def learn(self, whose: Whose, turns: Sequence[Turn]) -> None:
        messages = []
        for turn in turns:
            messages.append(SimpleNamespace(role="user", content=turn.said))
            messages.append(SimpleNamespace(role="assistant", content=turn.answered))
        provider = self._of(whose)
        given = signature(provider.save_memory).parameters
        named = {"session_id": turns[-1].conversation_id} if "session_id" in given else {}
        await self._threads.run(lambda: asyncio.run(provider.save_memory(messages, **named)))

    def _of(self, whose: Whose) -> Any:
        made = self._made.pop(whose, None)
        if made is None:
            # Such as ``summary_memory``: what is remembered already, which that server may hand in.
            needed = [
                one for one in signature(self._provider).parameters.values() if one.default is one.empty
            ]
            made = self._provider({}, *[None for one in needed[1:] if one.kind is one.POSITIONAL_OR_KEYWORD])
            model = _Model(self._kit, whose, asyncio.get_running_loop())
            made.init_memory(role_id=f"{whose.agent_id}:{whose.who}", llm=model)
        self._made[whose] = made
        while len(self._made) > _MOST_PROVIDERS:
            self._made.popitem(last=False)
        return made


def with_base(module: ModuleType, folder: Path) -> None:
    """Let the file, in ``folder``, import the base class and helpers of the server it may be written for."""
    base = module_of("base", MemoryProviderBase=MemoryProviderBase, logger=LoguruLike(_log))
    console = module_of("config.manage_api_client", generate_and_save_chat_summary=_ask_console)
    whole = {
        **common_modules(_log),
        "core.providers.memory.base": base,
        "config.config_loader": project_module(folder),
        "config.manage_api_client": console,
    }
    let_import(module, {"base": base}, whole, claimed=frozenset({"core", "config", "plugins_func"}))


async def _ask_console(summary_id: str) -> None:
    """That server's console sums conversations up for it; here there is none."""
    raise NotImplementedError("config.manage_api_client has no counterpart in Kaikou: there is no console")


def provider_of(module: ModuleType) -> Callable[..., Any] | None:
    """The file's class ``MemoryProvider``, if it has one."""
    found = getattr(module, "MemoryProvider", None)
    return found if inspect.isclass(found) else None
