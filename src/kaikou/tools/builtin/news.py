"""Headlines from the RSS or Atom feeds of the settings."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from kaikou.tools.builtin.parts import Parts
from kaikou.tools.builtin.sentences import SAID
from kaikou.tools.fetch import FetchFailed
from kaikou.tools.function import FunctionTool, function_tool
from kaikou.tools.ports import Caller, Outcome, speaks_chinese

_TAG = re.compile(r"<[^<>]*>")
"""A tag. It holds no other: a text of nothing but "<" would be searched to its end from each."""
_ENCODING = re.compile(rb"""<\?xml[^>]{0,80}encoding=["']([A-Za-z0-9._-]{1,40})["']""")
LONGEST_TEXT = 20_000
"""Letters of an entry's title or summary that are looked at."""
LONGEST_SUMMARY = 200
SPOKEN = 3
"""Headlines that are read out where no model chooses among them."""
EXAMPLES = (
    "[what's|what is|tell me|give me|read me|play|read] (the|today's|some) [latest|newest] (news|headlines) "
    "[today|now|of today|this morning|please]",
    "(any|is there any|are there any|do you have any|what's the) [latest] (news|headlines) [today|now"
    "|for me]",
    "(what's|what is) (new|happening|going on) in the world [today|now|right now|this morning]",
    "[what's|is there|is there any|any|give me|tell me|read me] [the] [latest] news (about|on) {topic}",
    "[今天|今日|最近|最新][都][有][什么|啥|哪些|没有|有没有][最新][的](新闻|头条|时事|大新闻|大事|大事发生)",
    "[今天|今日]{here}(发生|发生了|出了)(什么|哪些|啥)[大|新鲜]事[情]",
    "(播报|播放|听|读|念|说|讲|来|看|放|报)[一下|一点|点|点儿|听|念|说|几条|一条|条]"
    "[今天|今日|最新|最近][的](新闻|头条|时事|新闻头条)[听听]",
    "[有没有|有什么|有|播报|说说|来点|查一下|听][最新]关于{topic}的新闻",
    "[有没有|有什么|有|来点|听|说说]{topic}(方面|领域)的(新闻|消息)",
)
PLACES = {"topic": r"(?!me\b|you\b)\S.{0,29}?", "here": "(?:国内|国际上?|世界上?|都|外面)?"}


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

    async def get_news(caller: Caller, topic: str = "", count: int = 5) -> Outcome:
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
            none = f"There is no news about {topic} now." if topic else "There is no news now."
            return Outcome(none, plain="现在没有这方面的新闻。" if speaks_chinese(caller) else none)
        lines = [
            f"{number}. {one.title}" + (f" – {one.summary}" if one.summary else "")
            for number, one in enumerate(wanted[: min(max(count, 1), 20)], 1)
        ]
        titles = [one.title.rstrip("。.") for one in wanted[: min(max(count, 1), SPOKEN)]]
        plain = f"{'。'.join(titles)}。" if speaks_chinese(caller) else f"{'. '.join(titles)}."
        return Outcome("\n".join(lines), plain=plain)

    needs = "" if settings.news_feeds else "Addresses of RSS feeds: set tools.news_feeds."
    return [
        function_tool(
            get_news, title="News", needs=needs, examples=EXAMPLES, places=PLACES, said=SAID["get_news"]
        )
    ]


def headlines(feed: bytes) -> list[Headline]:
    """A feed's entries, RSS or Atom. FetchFailed where it is neither; entities are never expanded."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        root = fromstring(_decoded(feed))
    except (ParseError, DefusedXmlException, ValueError, LookupError):
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


def _decoded(feed: bytes) -> bytes | str:
    """The feed as text where it says what it is written in: the parser knows UTF and Latin alone, and
    Chinese feeds may well be GBK. LookupError for a name that nobody knows."""
    named = _ENCODING.match(feed.removeprefix(b"\xef\xbb\xbf").lstrip())
    encoding = named[1].decode() if named is not None else "utf-8"
    return feed if encoding.lower().startswith("utf") else feed.decode(encoding, "replace")


def _local(tag: object) -> str:
    return str(tag).rpartition("}")[2]


def _clean(text: str) -> str:
    return " ".join(html.unescape(_TAG.sub(" ", text[:LONGEST_TEXT])).split())
