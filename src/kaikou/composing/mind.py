"""Memory, and what it needs of other rooms, put together."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, cast

from kaikou.errors import NotReady

if TYPE_CHECKING:
    from kaikou.api.runtime import Runtime
    from kaikou.engines.ports import Embedder, LanguageModel
    from kaikou.memory.room import MemoryRoom


async def open_memory(runtime: Runtime, stack: AsyncExitStack) -> MemoryRoom:
    """What agents remember. It learns with the agent's own language model, in the lane that gives way."""
    from kaikou.engines.selection import choose
    from kaikou.memory.room import MemoryRoom
    from kaikou.store.memories import MemoryRepository
    from kaikou.store.purge import Purge

    settings, tools = runtime.settings, runtime.tools
    repository = MemoryRepository(runtime.database)
    assert tools is not None

    async def model(agent_id: str) -> LanguageModel:
        agent = await runtime.agents.get(agent_id)
        if runtime.engines is None or runtime.shelf is None:
            raise NotReady("The engines are being made ready.")
        if "llm" in agent.engines:
            chosen = await runtime.shelf.choose(runtime.engines, {"llm": agent.engines["llm"]})
            return chosen.llm
        return runtime.engines.llm

    async def embedder(patience: float) -> Embedder:
        assert runtime.shelf is not None
        found = await runtime.shelf.engine("embedding", choose(settings).embedding, patience=patience)
        return cast("Embedder", found)

    def changed(**data: Any) -> None:
        runtime.feed.publish("memory", **data)

    memory = MemoryRoom(repository, settings, model, embedder, tools.threads, on_change=changed)
    purge = Purge(repository, settings.limits.undo_seconds, what="memories")
    stack.push_async_callback(purge.stop)
    purge.start()
    stack.push_async_callback(memory.stop)
    memory.start()
    if runtime.live is not None:
        runtime.live.companions.append(memory)
    return memory
