"""Look something up in the agent's knowledge."""

from __future__ import annotations

from collections.abc import Sequence

from kaikou.tools.builtin.parts import Parts
from kaikou.tools.builtin.sentences import SAID
from kaikou.tools.function import FunctionTool, function_tool
from kaikou.tools.ports import Caller, Outcome, speaks_chinese

EXAMPLES = (
    "(look|search|check|look up|find) [it|that|this|something] (in|through) {documents} [for] {*}",
    "what (do|does) {documents} (say|tell us) (about|on) {*}",
    "according to {documents} {*}",
    "(search|check|ask) {documents} {*}",
    "[查|查查|看|看看|搜|找|翻]{look}{documents}(里|里面|中|上)[的|说|写|怎么|有没有|关于]{*}",
    "{documents}(里|里面|中|上)[是](怎么|有没有|有关于|关于|写|说|讲|提到|规定){*}",
    "根据{documents}{*}",
)
PLACES = {
    "documents": r"(?:(?:my|the|our|your|these) )?(?:documents?|files?|manuals?|handbooks?|knowledge base"
    r"|notes)"
    r"|(?:我的|这份|我们的|公司的?)?(?:文档|资料库?|知识库|说明书|手册|文件|使用手册)",
    "look": "(?:一下|查|看|找)?",
}
COUNT = 5
SPOKEN = 300
"""Letters of the best passage that are read out where no model sums up."""


def tools(parts: Parts) -> Sequence[FunctionTool]:
    knowledge = parts.ports.knowledge
    if knowledge is None:
        return []

    async def search_knowledge(query: str, caller: Caller) -> Outcome:
        """Look something up in the documents that were given to you; name the document that your answer
        comes from. 在知识库中查找，回答时说出依据的文档。

        Args:
            query: What to look for, as a question or a few words.
        """
        found = await knowledge.search(query, caller, COUNT)
        if not found:
            none = "The documents say nothing about it."
            return Outcome(none, plain="文档里没有提到。" if speaks_chinese(caller) else none)
        text = "\n\n".join(
            f"[{', '.join(filter(None, (one.title, one.location)))}] {one.text}" for one in found
        )
        best = found[0]
        said = " ".join(best.text.split())[:SPOKEN]
        return Outcome(
            text, plain=f"《{best.title}》：{said}" if speaks_chinese(caller) else f"{best.title}: {said}"
        )

    return [
        function_tool(
            search_knowledge,
            title="Knowledge",
            examples=EXAMPLES,
            places=PLACES,
            whole="query",
            said=SAID["search_knowledge"],
            offered=knowledge.offered,
        )
    ]
