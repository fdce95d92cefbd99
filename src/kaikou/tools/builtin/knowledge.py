"""Look something up in the agent's knowledge."""

from __future__ import annotations

from collections.abc import Sequence

from kaikou.tools.builtin.parts import Parts
from kaikou.tools.function import FunctionTool, function_tool
from kaikou.tools.ports import Caller

COUNT = 5


def tools(parts: Parts) -> Sequence[FunctionTool]:
    knowledge = parts.ports.knowledge
    if knowledge is None:
        return []

    async def search_knowledge(query: str, caller: Caller) -> str:
        """Look something up in the documents that were given to you; name the document that your answer
        comes from. 在知识库中查找，回答时说出依据的文档。

        Args:
            query: What to look for, as a question or a few words.
        """
        found = await knowledge.search(query, caller, COUNT)
        if not found:
            return "The documents say nothing about it."
        return "\n\n".join(
            f"[{', '.join(filter(None, (one.title, one.location)))}] {one.text}" for one in found
        )

    return [function_tool(search_knowledge, title="Knowledge", offered=knowledge.offered)]
