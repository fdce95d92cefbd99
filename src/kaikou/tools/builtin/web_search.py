"""Search the web: Tavily, Metaso, or a SearXNG of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kaikou.settings.services import ToolSettings
from kaikou.tools.builtin.parts import Parts
from kaikou.tools.builtin.sentences import SAID
from kaikou.tools.fetch import Fetcher
from kaikou.tools.function import FunctionTool, function_tool
from kaikou.tools.ports import Caller, Outcome, speaks_chinese

ADDRESSES = {"tavily": "https://api.tavily.com", "metaso": "https://metaso.cn"}
EXAMPLES = (
    "(search|look on|check|look it up on) (the web|the internet|online|google) [for] {query}",
    "(search|google|look up) [for] {query} (online|on the web|on the internet|on google)",
    "(google|web search [for]) {query}",
    "look up {query} online",
    "[去|上|在](网上|上网|网络上|互联网上|百度上|联网)(搜索|搜|查|查找|查询|找)[一下|一搜|一查|搜|查|找]{query}",
    "(上网|联网|网上)(搜索|搜|查|查找|查询)[一下|一搜|一查|搜|查]{query}",
    "(百度|谷歌|搜索|搜)(一下|一搜){query}",
    "(搜索|联网搜索){query}",
)
QUERY = r"(?!引擎|功能|算法|结果|记录|历史|engines?\b|results?\b|history\b)\S.{0,79}?"
"""Not what searching itself is about: 搜索引擎是怎么工作的 asks for no search."""
COUNT = 5
SPOKEN = 200
"""Letters of the first hit that are read out where no model sums up."""
LONGEST_SNIPPET = 500


def tools(parts: Parts) -> Sequence[FunctionTool]:
    settings, fetch = parts.settings, parts.fetch

    async def web_search(query: str, caller: Caller) -> Outcome:
        """Search the web for what you don't know or what may have changed. 联网搜索。

        Args:
            query: What to look for, a few words.
        """
        found = await _ASK[provider_of(settings)](settings, fetch, query)
        if not found:
            none = f"The search for {query!r} found nothing."
            return Outcome(
                none,
                plain="抱歉，网上没有找到。" if speaks_chinese(caller) else "I found nothing on the web.",
            )
        text = "\n".join(
            f"{number}. {title}: {' '.join(said.split())[:LONGEST_SNIPPET]} ({url})"
            for number, (title, said, url) in enumerate(found[:COUNT], 1)
        )
        title, snippet, _ = found[0]
        return Outcome(text, plain=f"{title}: {' '.join(snippet.split())[:SPOKEN]}")

    return [
        function_tool(
            web_search,
            title="Web search",
            needs=_needs(settings),
            examples=EXAMPLES,
            places={"query": QUERY},
            whole="query",
            said=SAID["web_search"],
        )
    ]


def provider_of(settings: ToolSettings) -> str:
    """The provider; ``auto`` is SearXNG where an address is set, else Tavily."""
    if settings.search_provider != "auto":
        return settings.search_provider
    return "searxng" if settings.search_url else "tavily"


def _needs(settings: ToolSettings) -> str:
    if provider_of(settings) == "searxng":
        return "" if settings.search_url else "The address of a SearXNG: set tools.search_url."
    if settings.search_key is None:
        return "A key of Tavily or Metaso (tools.search_key), or the address of a SearXNG (tools.search_url)."
    return ""


Hits = list[tuple[str, str, str]]
"""Title, text, address."""


def _hits(found: Any, title: str, text: str, url: str) -> Hits:
    entries = found if isinstance(found, list) else []
    return [
        (str(one.get(title) or ""), str(one.get(text) or ""), str(one.get(url) or ""))
        for one in entries
        if isinstance(one, dict)
    ]


def _asked(settings: ToolSettings, provider: str) -> tuple[str, dict[str, str]]:
    base = (settings.search_url or ADDRESSES[provider]).rstrip("/")
    key = settings.search_key.get_secret_value() if settings.search_key else ""
    return base, {"Authorization": f"Bearer {key}"}


async def _tavily(settings: ToolSettings, fetch: Fetcher, query: str) -> Hits:
    base, headers = _asked(settings, "tavily")
    body = {"query": query, "max_results": COUNT}
    found = await fetch.json("Tavily", "POST", f"{base}/search", headers=headers, body=body)
    return _hits(found.get("results"), "title", "content", "url")


async def _metaso(settings: ToolSettings, fetch: Fetcher, query: str) -> Hits:
    base, headers = _asked(settings, "metaso")
    body = {"q": query, "scope": "webpage", "includeSummary": True, "size": str(COUNT)}
    found = await fetch.json("Metaso", "POST", f"{base}/api/v1/search", headers=headers, body=body)
    pages = found.get("webpages")
    hits = _hits(pages, "title", "summary", "link")
    snippets = _hits(pages, "title", "snippet", "link")
    return [hit if hit[1] else other for hit, other in zip(hits, snippets, strict=True)]


async def _searxng(settings: ToolSettings, fetch: Fetcher, query: str) -> Hits:
    base = (settings.search_url or "").rstrip("/")
    params = {"q": query, "format": "json"}
    found = await fetch.json("SearXNG", "GET", f"{base}/search", params=params)
    return _hits(found.get("results"), "title", "content", "url")


_ASK = {"tavily": _tavily, "metaso": _metaso, "searxng": _searxng}
