"""Headlines from the RSS or Atom feeds of the settings."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from kaikou.tools.builtin.parts import Parts
from kaikou.tools.fetch import FetchFailed
from kaikou.tools.function import FunctionTool, function_tool

_TAG = re.compile(r"<[^>]*>")
LONGEST_SUMMARY = 200
EXAMPLES = (
    "what's the news",
    "what's new in the world",
    "tell me the news",
    "the latest news",
    "any news today",
    "news about {topic}",
    "新闻",
    "今天有什么新闻",
    "有什么新闻",
    "播报新闻",
    "最新新闻",
    "听新闻",
    "关于{topic}的新闻",
)


@dataclass(frozen=True, slots=True)
class Headline:
    title: str
    summary: str = ""


def tools(parts: Parts) -> Sequence[FunctionTool]:
    settings, fetch = parts.settings, parts.fetch

    async def one_feed(address: str) -> list[Headline] | FetchFailed:
        try:
            return await asyncio.to_thread(headlines, await fetch.bytes("The news feed", "GET", address))
        except FetchFailed as error:
            return error

    async def get_news(topic: str = "", count: int = 5) -> str:
        """Tell the latest news. 播报最新新闻。

        Args:
            topic: Only news that hold this word; leave it out for all.
            count: How many, 1 to 20.
        """
        answers = await asyncio.gather(*(one_feed(address) for address in settings.news_feeds))
        good = [answer for answer in answers if isinstance(answer, list)]
        if not good:
            raise next(answer for answer in answers if isinstance(answer, FetchFailed))
        mixed = [one for row in zip_longest(*good) for one in row if one is not None]
        wanted = [one for one in mixed if topic.casefold() in f"{one.title} {one.summary}".casefold()]
        if not wanted:
            return f"There is no news about {topic} now." if topic else "There is no news now."
        lines = [
            f"{number}. {one.title}" + (f" – {one.summary}" if one.summary else "")
            for number, one in enumerate(wanted[: min(max(count, 1), 20)], 1)
        ]
        return "\n".join(lines)

    needs = "" if settings.news_feeds else "Addresses of RSS feeds: set tools.news_feeds."
    return [function_tool(get_news, title="News", needs=needs, examples=EXAMPLES)]


def headlines(feed: bytes) -> list[Headline]:
    """A feed's entries, RSS or Atom. FetchFailed where it is neither; entities are never expanded."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        root = fromstring(feed)
    except (ParseError, DefusedXmlException):
        raise FetchFailed("The news feed is not valid RSS.") from None
    found = []
    for entry in root.iter():
        if _local(entry.tag) not in {"item", "entry"}:
            continue
        texts = {_local(child.tag): "".join(child.itertext()) for child in entry}
        title = _clean(texts.get("title", ""))
        summary = _clean(texts.get("description") or texts.get("summary") or "")
        if title:
            found.append(Headline(title, summary[:LONGEST_SUMMARY] if summary != title else ""))
    return found


def _local(tag: object) -> str:
    return str(tag).rpartition("}")[2]


def _clean(text: str) -> str:
    return " ".join(html.unescape(_TAG.sub(" ", text)).split())
