"""The agents' knowledge as a tool may search it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kaikou.tools.ports import Caller, Found

if TYPE_CHECKING:
    from kaikou.api.runtime import Runtime


class AgentsKnowledge:
    """``tools.ports.KnowledgeSearch`` over the knowledge bases of the caller's agent."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def offered(self, caller: Caller) -> bool:
        return bool(caller.knowledge)

    async def search(self, query: str, caller: Caller, limit: int) -> Sequence[Found]:
        """The best passages, with the title of their document and where in it they stand."""
        knowledge = self._runtime.knowledge
        if knowledge is None or not caller.knowledge:
            return ()
        passages = await knowledge.search(query, bases=caller.knowledge, limit=limit)
        return [Found(one.text, one.document_title, str(one.location)) for one in passages]
