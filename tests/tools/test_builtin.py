"""The tools that come with Kaikou, against local servers that speak as the services do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tools.callers import FakeCaller

from kaikou.errors import InvalidInput
from kaikou.settings.services import ToolSettings
from kaikou.tools.builtin.music import chosen
from kaikou.tools.builtin.news import headlines
from kaikou.tools.ports import (
    AgentChoice,
    Caller,
    ChangeAgent,
    Found,
    Leave,
    Outcome,
    PlayAudio,
    Reminder,
    Rhythm,
    SetVolume,
    ToolPorts,
)
from kaikou.tools.room import ToolRoom

Answer = tuple[int, Any]


class Service:
    """An HTTP server that answers paths from a table and keeps what it was asked."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, str, dict[str, str], dict[str, str], Any]] = []
        self.url = ""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line, *rest = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        method, target, _ = line.split()
        headers = {key.lower(): value for key, _, value in (one.partition(": ") for one in rest)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        path = urlsplit(target)
        query = {key: values[0] for key, values in parse_qs(path.query).items()}
        self.asked.append((method, path.path, query, headers, json.loads(body) if body else None))
        status, answer = self.answers.get(path.path, (404, {}))
        if answer is None:  # never
            await asyncio.sleep(3600)
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(data)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + data)
        writer.close()


@asynccontextmanager
async def service(answers: Mapping[str, Answer]) -> AsyncIterator[Service]:
    found = Service(answers)
    server = await asyncio.start_server(found._serve, "127.0.0.1", 0)
    found.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield found
    server.close()


async def call(
    name: str, settings: Mapping[str, Any] | None = None, ports: ToolPorts | None = None, **arguments: Any
) -> Outcome:
    room = ToolRoom(Path("unused"), ToolSettings(**(settings or {})), ports or ToolPorts())
    try:
        return await room.toolbox.call(name, json.dumps(arguments), FakeCaller())
    finally:
        await room.close()


def needs(name: str, **settings: Any) -> str:
    room = ToolRoom(Path("unused"), ToolSettings(**settings))
    return room.toolbox.specs(FakeCaller())[name].needs


# -- time ----------------------------------------------------------------------------------------------


async def test_the_time_of_a_place() -> None:
    told = (await call("get_time", zone="Asia/Tokyo")).text
    assert told.endswith("(JST, UTC+0900)")
    day, clock = told.split()[1:3]
    assert abs(datetime.fromisoformat(f"{day}T{clock}+09:00") - datetime.now(UTC)) < timedelta(minutes=5)
    assert "UTC+" in (await call("get_time")).text or "UTC-" in (await call("get_time")).text
    assert (await call("get_time", zone="Mars/Base")).failed


@pytest.mark.parametrize(
    ("day", "holds"),
    [
        ("2027-02-06", "正月初一"),
        ("2024-09-17", "中秋"),
        ("2025-07-25", "闰六月"),
        ("2026-12-22", "节气 冬至"),
    ],
)
async def test_the_chinese_calendar(day: str, holds: str) -> None:
    assert holds in (await call("get_lunar", day=day)).text


# -- weather ---------------------------------------------------------------------------------------------

PLACE = {"results": [{"name": "Berlin", "country": "Germany", "latitude": 52.5, "longitude": 13.4}]}
FORECAST = {
    "current": {
        "temperature_2m": 21.4,
        "apparent_temperature": 20,
        "relative_humidity_2m": 60,
        "weather_code": 61,
        "wind_speed_10m": 12,
    },
    "daily": {
        "time": ["2026-06-01"],
        "weather_code": [95],
        "temperature_2m_max": [24.6],
        "temperature_2m_min": [13.2],
        "precipitation_probability_max": [80],
    },
}


def weather_at(url: str) -> dict[str, str]:
    return {"weather_url": url, "geocoding_url": url}


async def test_the_weather_of_a_place_and_of_home() -> None:
    async with service({"/v1/search": (200, PLACE), "/v1/forecast": (200, FORECAST)}) as there:
        told = (await call("get_weather", weather_at(there.url), place="Berlin", days=1)).text
        home = (await call("get_weather", {**weather_at(there.url), "home_place": "Berlin"})).text
    assert told == home
    assert told == (
        "Berlin, Germany, now: light rain, 21 °C, feels like 20, humidity 60 %, wind 12 km/h\n"
        "2026-06-01: thunderstorm, 13 to 25 °C, rain 80 %"
    )
    assert there.asked[0][2]["name"] == "Berlin"
    assert there.asked[1][2]["latitude"] == "52.5"


async def test_weather_that_cannot_be_had_is_told_in_words() -> None:
    async with service({"/v1/search": (200, {})}) as there:
        unknown = await call("get_weather", weather_at(there.url), place="Nowhere")
        nameless = await call("get_weather", weather_at(there.url))
    offline = await call("get_weather", weather_at("http://127.0.0.1:9"), place="Berlin")
    assert unknown.failed and "knows no place 'Nowhere'" in unknown.text
    assert nameless.failed and "which city" in nameless.text
    assert offline.failed and offline.text.startswith("The weather service can't be reached.")


async def test_a_service_that_hangs_or_never_stops_is_given_up() -> None:
    async with service({"/v1/search": (200, None)}) as there:
        slow = await call("get_weather", {**weather_at(there.url), "http_timeout": 0.2}, place="x")
    async with service({"/v1/search": (200, b" " * 5000)}) as there:
        large = await call("get_weather", {**weather_at(there.url), "http_max_bytes": 1000}, place="x")
    async with service({"/v1/search": (500, {})}) as there:
        broken = await call("get_weather", weather_at(there.url), place="x")
    assert "did not answer within 0.2 seconds" in slow.text
    assert "more than 1000 bytes" in large.text
    assert "an error (500)" in broken.text


# -- news ------------------------------------------------------------------------------------------------

RSS = """<?xml version="1.0"?><rss version="2.0"><channel><title>Paper</title>
<item><title>First &amp; foremost</title>
<description>&lt;p&gt;Short &lt;b&gt;text&lt;/b&gt;&lt;/p&gt;</description></item>
<item><title>Second</title></item></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>F</title>
<entry><title>Third</title><summary>About rain</summary></entry></feed>"""
BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><rss><item><title>&b;</title></item></rss>'


async def test_news_of_several_feeds_in_turn() -> None:
    async with service({"/rss": (200, RSS.encode()), "/atom": (200, ATOM.encode())}) as there:
        feeds = {"news_feeds": [f"{there.url}/rss", f"{there.url}/atom", f"{there.url}/gone"]}
        every = await call("get_news", feeds)
        rain = await call("get_news", feeds, topic="RAIN")
        none = await call("get_news", {"news_feeds": [f"{there.url}/gone"]})
    assert every.text == "1. First & foremost – Short text\n2. Third – About rain\n3. Second"
    assert rain.text == "1. Third – About rain"
    assert none.failed and "404" in none.text


def test_a_feed_may_be_written_in_gbk() -> None:
    feed = RSS.replace('version="1.0"?', 'version="1.0" encoding="gb2312"?').replace("Second", "第二条")
    assert [one.title for one in headlines(feed.encode("gbk"))] == ["First & foremost", "第二条"]
    with pytest.raises(Exception, match="not valid RSS"):
        headlines(feed.replace("gb2312", "no-such-code").encode("gbk"))


def test_a_title_of_opened_tags_alone_is_soon_read() -> None:
    assert headlines(RSS.replace("Second", "&lt;" * 500_000).encode())


def test_a_feed_cannot_blow_up() -> None:
    for bad in (BOMB, "<html", ""):
        with pytest.raises(Exception, match="not valid RSS"):
            headlines(bad.encode())


# -- music -----------------------------------------------------------------------------------------------


async def test_music_from_a_folder(tmp_path: Path) -> None:
    for name in ("Blue Sky.mp3", "deep/月亮代表我的心.flac", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    folder = {"music_folder": tmp_path}
    moon = tmp_path / "deep/月亮代表我的心.flac"
    assert (await call("play_music", folder, title="月亮")).effects == (PlayAudio(moon, moon.stem),)
    assert (await call("play_music", folder, title="blu skie")).effects[0].title == "Blue Sky"  # type: ignore[union-attr]
    assert (await call("play_music", folder)).effects
    missing = await call("play_music", folder, title="zzzz")
    assert missing.failed and "Blue Sky" in missing.text
    assert needs("play_music") and not needs("play_music", music_folder=tmp_path)


def test_the_shortest_name_that_holds_the_words_is_meant() -> None:
    songs = [Path("m/Love Story.mp3"), Path("m/Love.mp3")]
    assert chosen("love", songs, Path("m")) == Path("m/Love.mp3")


def test_an_artist_is_found_by_the_folder_of_the_songs() -> None:
    folder = Path("beatles music")
    songs = [folder / "Queen/Love.mp3", folder / "The Beatles/Help/Yesterday.mp3", folder / "Beat.mp3"]
    assert chosen("Beatles", songs, folder) == songs[1]
    assert chosen("queen", songs, folder) == songs[0]
    assert chosen("love", songs, folder) == songs[0]
    assert chosen("zzzz", songs, folder) is None


# -- the conversation itself ----------------------------------------------------------------------------


class Personas:
    async def choices(self) -> Sequence[AgentChoice]:
        return [AgentChoice("partner", "Robin"), AgentChoice("mei", "Mei 小美")]


async def test_leave_volume_and_role() -> None:
    assert await call("leave", farewell="Bye!") == Outcome(
        "Goodbye.", "Bye!", effects=(Leave("Bye!"),), plain="Bye!"
    )
    assert (await call("set_volume", percent=140)).effects == (SetVolume(100),)
    ports = ToolPorts(agents=Personas())
    assert (await call("change_role", ports=ports, role="小美")).effects == (ChangeAgent("mei"),)
    unknown = await call("change_role", ports=ports, role="Zoe")
    assert unknown.failed and "Robin, Mei 小美" in unknown.text
    assert "no tool" in (await call("change_role", role="Robin")).text


# -- web search -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("provider", "path", "answer"),
    [
        ("tavily", "/search", {"results": [{"title": "T", "content": "some  words", "url": "http://t"}]}),
        (
            "metaso",
            "/api/v1/search",
            {"webpages": [{"title": "T", "snippet": "some words", "link": "http://t"}]},
        ),
        ("searxng", "/search", {"results": [{"title": "T", "content": "some words", "url": "http://t"}]}),
    ],
)
async def test_web_search(provider: str, path: str, answer: Any) -> None:
    async with service({path: (200, answer)}) as there:
        settings = {"search_provider": provider, "search_url": there.url, "search_key": "k"}
        assert (await call("web_search", settings, query="x")).text == "1. T: some words (http://t)"
        _, _, query, headers, body = there.asked[0]
    assert "x" in {*query.values(), *(body or {}).values()}
    assert headers.get("authorization") == (None if provider == "searxng" else "Bearer k")


async def test_web_search_says_what_it_needs_and_what_was_refused() -> None:
    assert "tools.search_key" in needs("web_search")
    assert needs("web_search", search_url="http://x") == ""
    async with service({"/search": (401, {})}) as there:
        settings = {"search_provider": "tavily", "search_url": there.url, "search_key": "wrong"}
        assert "refused the key" in (await call("web_search", settings, query="x")).text


# -- Home Assistant ----------------------------------------------------------------------------------------

LIGHT = {"entity_id": "light.desk", "state": "on", "attributes": {"friendly_name": "Desk", "brightness": 80}}


async def test_home_assistant() -> None:
    answers = {"/api/states": (200, [LIGHT]), "/api/services/light/turn_on": (200, [LIGHT])}
    async with service(answers) as there:
        settings = {"home_assistant_url": there.url, "home_assistant_token": "secret"}
        assert (
            await call("home_state", settings, device="desk")
        ).text == "light.desk (Desk): on, brightness 80"
        assert (await call("home_state", settings, device="oven")).failed
        values = {"brightness_pct": 40, "entity_id": "light.other"}
        done = await call("home_control", settings, entity_id="light.desk", service="turn_on", values=values)
        assert done.text.startswith("Done: light.desk")
        method, _, _, headers, body = there.asked[-1]
        assert (method, headers["authorization"]) == ("POST", "Bearer secret")
        assert body == {"brightness_pct": 40, "entity_id": "light.desk"}
        for entity, word in (("light.desk/../..", "turn_on"), ("light.desk", "../config")):
            assert (await call("home_control", settings, entity_id=entity, service=word)).failed
        assert len(there.asked) == 3, "nothing was asked for a bad name"
    assert "home_assistant_token" in needs("home_state", home_assistant_url="http://x")


# -- what other rooms hand in ---------------------------------------------------------------------------


class Library:
    def offered(self, caller: Caller) -> bool:
        return caller.agent_id == "agent"

    async def search(self, query: str, caller: Caller, limit: int) -> Sequence[Found]:
        return [Found("Water boils.", "Physics", "page 3")] if query == "water" else []


class Diary:
    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self.kept: list[Reminder] = []

    async def add(self, text: str, when: str, repeat: Rhythm, caller: Caller) -> Reminder:
        if when == "soonish":
            raise InvalidInput("No time was understood.", code="time_not_understood")
        self.asked.append((text, when, repeat))
        self.kept = [Reminder("r1", datetime(2099, 1, 1, 8, 30, tzinfo=UTC), text, repeat and "every day")]
        return self.kept[0]

    async def move(self, when: str, repeat: Rhythm, caller: Caller) -> Reminder | None:
        if not self.kept:
            return None
        return await self.add(self.kept[0].text, f"moved to {when}", repeat, caller)

    async def list(self, caller: Caller) -> Sequence[Reminder]:
        return self.kept

    async def cancel(self, which: str, caller: Caller) -> Sequence[Reminder]:
        return self.kept if which in {"r1", "tea"} else []


class House:
    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []

    def names(self, caller: Caller) -> Sequence[str]:
        return ["Kitchen", "Bedroom"]

    async def speak(self, name: str, text: str, caller: Caller) -> None:
        self.said.append((name, text))


async def test_knowledge() -> None:
    ports = ToolPorts(knowledge=Library())
    assert (
        await call("search_knowledge", ports=ports, query="water")
    ).text == "[Physics, page 3] Water boils."
    assert "nothing" in (await call("search_knowledge", ports=ports, query="fire")).text
    room = ToolRoom(Path("unused"), ToolSettings(), ports)
    assert "search_knowledge" not in room.toolbox.specs(FakeCaller(agent_id="other"))


async def test_reminders() -> None:
    diary = Diary()
    ports = ToolPorts(schedule=diary)
    assert "No reminders" in (await call("list_reminders", ports=ports)).text
    set_now = await call("remind", ports=ports, text="tea", when="in 3 minutes")
    assert set_now.text == "Set: Thursday 2099-01-01 08:30: tea (id r1)"
    again = await call("remind", ports=ports, text="tea", when="8:30", repeat="daily")
    assert "08:30, every day: tea" in again.text
    assert diary.asked == [("tea", "in 3 minutes", ""), ("tea", "8:30", "daily")]
    refused = await call("remind", ports=ports, text="tea", when="soonish")
    assert refused.failed and "No time was understood" in refused.text
    assert (await call("remind", ports=ports, text="tea", when="8", repeat="sometimes")).failed
    assert "08:30, every day: tea (id r1)" in (await call("list_reminders", ports=ports)).text
    assert "Cancelled: " in (await call("cancel_reminder", ports=ports, which="tea")).text
    assert "no such" in (await call("cancel_reminder", ports=ports, which="coffee")).text


async def test_another_device() -> None:
    house = House()
    ports = ToolPorts(devices=house)
    assert (
        await call("call_device", ports=ports, device="kitchen", message="Dinner")
    ).text == "Said on Kitchen."
    assert house.said == [("Kitchen", "Dinner")]
    assert "Bedroom" in (await call("call_device", ports=ports, device="Attic", message="x")).text
    both = await call("call_device", ports=ports, device="e", message="x")
    assert both.failed and "Several" in both.text and len(house.said) == 1


def test_without_those_rooms_their_tools_are_not_there() -> None:
    names = set(ToolRoom(Path("unused"), ToolSettings()).toolbox.specs(FakeCaller()))
    assert not names & {"search_knowledge", "remind", "call_device", "change_role"}
