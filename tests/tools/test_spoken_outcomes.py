"""What built-in tools say to a listener in their own words, where no model puts them into words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tools.callers import FakeCaller

from kaikou.errors import InvalidInput
from kaikou.settings.services import ToolSettings
from kaikou.tools.builtin.clock import zone_of
from kaikou.tools.builtin.home_assistant import alike
from kaikou.tools.ports import Caller, Outcome, Reminder, Rhythm, ToolPorts
from kaikou.tools.room import ToolRoom

ZONE = ZoneInfo("UTC")
NOWHERE = "http://127.0.0.1:9"


class Calendar:
    """A schedule that has ``kept``."""

    def __init__(self, *kept: Reminder) -> None:
        self.kept = kept

    async def add(self, text: str, when: str, repeat: Rhythm, caller: Caller) -> Reminder:
        if not when:
            raise InvalidInput("No time was understood.", code="time_not_understood")
        return Reminder("rem_1", tomorrow(15, 25), text)

    async def move(self, when: str, repeat: Rhythm, caller: Caller) -> Reminder | None:
        raise NotImplementedError

    async def list(self, caller: Caller) -> Sequence[Reminder]:
        return self.kept

    async def cancel(self, which: str, caller: Caller) -> Sequence[Reminder]:
        return self.kept


def tomorrow(hour: int, minute: int) -> datetime:
    day = datetime.now(ZONE) + timedelta(days=1)
    return day.replace(hour=hour, minute=minute, second=0, microsecond=0)


async def said(name: str, language: str, ports: ToolPorts | None = None, **arguments: Any) -> Outcome:
    settings = ToolSettings(weather_url=NOWHERE, geocoding_url=NOWHERE, time_zone="UTC")
    room = ToolRoom(Path("unused"), settings, ports or ToolPorts())
    try:
        return await room.toolbox.call(name, json.dumps(arguments), FakeCaller(language=language))
    finally:
        await room.close()


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("zh", "好的，明天下午3点25分提醒您关火。"), ("en", "All right, at 3:25 PM tomorrow: 关火.")],
)
async def test_a_reminder_is_promised(language: str, sentence: str) -> None:
    ports = ToolPorts(schedule=Calendar())
    assert (await said("remind", language, ports, text="关火", when="明天")).plain == sentence
    asked = await said("remind", language, ports, text="关火")
    assert asked.failed and asked.plain.startswith("什么时候" if language == "zh" else "When shall I")


async def test_reminders_are_told_and_cancelled() -> None:
    none, one = ToolPorts(schedule=Calendar()), Reminder("r", tomorrow(8, 0), "tea", "every day at 08:00")
    some = ToolPorts(schedule=Calendar(one, one))
    assert (await said("list_reminders", "zh", none)).plain == "现在没有提醒。"
    told = (await said("list_reminders", "en", some)).plain
    assert told.startswith("You have 2 reminders: every day at 08:00, tea;")
    assert (await said("cancel_reminder", "en", some, which="tea")).plain == "2 reminders are cancelled."
    assert (await said("cancel_reminder", "zh", none, which="茶")).plain == "没有这样的提醒。"


async def test_the_chinese_calendar_is_told_in_a_sentence() -> None:
    assert (await said("get_lunar", "zh", day="2027-02-06")).plain.startswith("2月6日是农历正月初一，春节")
    assert "day 1 of month 1" in (await said("get_lunar", "en", day="2027-02-06")).plain


@pytest.mark.parametrize(("language", "words"), [("zh", "没有联网"), ("en", "no internet connection")])
async def test_a_service_out_of_reach_is_said_in_the_listeners_language(language: str, words: str) -> None:
    outcome = await said("get_weather", language, place="Beijing")
    assert outcome.failed and words in outcome.plain
    nowhere = await said("get_weather", language)
    assert nowhere.plain == ("您想问哪个城市？" if language == "zh" else "Which city do you mean?")


@pytest.mark.parametrize(("language", "words"), [("zh", "还没有设置好"), ("en", "isn't set up here yet")])
async def test_what_is_not_set_up_says_so_where_a_router_calls(language: str, words: str) -> None:
    room = ToolRoom(Path("unused"), ToolSettings(), ToolPorts())
    caller = FakeCaller(language=language)
    try:
        model_s = {tool.name for tool in room.toolbox.tools(caller)}
        router_s = {tool.name for tool in room.toolbox.tools(caller, unready=True)}
        assert "web_search" not in model_s and router_s >= model_s | {"web_search", "play_music"}
        outcome = await room.toolbox.call("web_search", '{"query": "x"}', caller)
        assert outcome.failed and words in outcome.plain
    finally:
        await room.close()


def test_zones_are_found_by_their_cities() -> None:
    assert [zone_of(one) for one in ("New York", "东京", "Asia/Tokyo", "Atlantis")] == [
        "America/New_York",
        "Asia/Tokyo",
        "Asia/Tokyo",
        "Atlantis",
    ]


def test_devices_of_the_home_are_found_by_name() -> None:
    states = [
        {"entity_id": "light.kitchen", "attributes": {"friendly_name": "Kitchen light"}},
        {"entity_id": "light.desk", "attributes": {"friendly_name": "书桌灯"}},
    ]

    def found(words: str) -> list[str]:
        return [one["entity_id"] for one in alike(words, states)]

    assert found("the light in the kitchen") == ["light.kitchen"]
    assert found("书桌的灯") == ["light.desk"] and found("the oven") == []
    assert found("light.desk") == ["light.desk"] and len(found("")) == 2
