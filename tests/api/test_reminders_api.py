"""``/api/reminders`` through the whole application, the agents' tool, and the places where it is told."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from api.xiaozhi.device import home
from test_server import running
from tools.callers import FakeCaller

from kaikou.api.reminders.places import House
from kaikou.api.reminders.tool import CallersSchedule, OtherDevices
from kaikou.composing.reminders import open_reminders
from kaikou.errors import KaikouError
from kaikou.jobs.reminder import Wish
from kaikou.jobs.schedule import Schedule
from kaikou.settings.services import ReminderSettings
from kaikou.settings.tree import Settings
from kaikou.store.database import Database
from kaikou.store.reminders import ReminderRepository

SHANGHAI = {"tools": {"time_zone": "Asia/Shanghai"}}


async def test_a_reminder_from_setting_to_undo(tmp_path: Path) -> None:
    async with running(tmp_path, **SHANGHAI) as server:
        client = server.client
        made = await client.post("/api/reminders", json={"text": "吃药", "when": "每个工作日早上八点"})
        assert made.status_code == 201, made.text
        one = made.json()
        assert one["repeat"] == {"days": [0, 1, 2, 3, 4], "time": "08:00"} and one["text"] == "吃药"
        assert one["repeat_text"] == "every weekday at 08:00" and one["at"].endswith("T08:00:00+08:00")
        assert (one["state"], one["last"], one["zone"]) == ("waiting", None, "Asia/Shanghai")
        soon = await client.post("/api/reminders", json={"text": "十分钟后提醒我关火"})
        assert soon.json()["text"] == "关火" and soon.json()["repeat"] is None
        listed = (await client.get("/api/reminders")).json()
        assert {each["text"] for each in listed["reminders"]} == {"关火", "吃药"}
        times = [each["at"] for each in listed["reminders"]]
        assert times == sorted(times), "the next one first, whatever the time of day"
        assert listed["grace_minutes"] == 60

        address = f"/api/reminders/{one['id']}"
        changed = await client.patch(address, json={"repeat": {"days": [5, 6], "time": "10:00"}})
        assert changed.json()["repeat_text"] == "every weekend at 10:00"
        once = await client.patch(address, json={"at": "2099-01-01T08:30", "text": "庆祝"})
        assert once.json()["at"] == "2099-01-01T08:30:00+08:00" and once.json()["repeat"] is None
        gone = await client.delete(address)
        assert gone.json()["state"] == "cancelled" and gone.json()["restorable_until"]
        assert (await client.delete(address)).status_code == 404
        back = await client.post(f"{address}/restore")
        assert (back.json()["state"], back.json()["text"]) == ("waiting", "庆祝")
        assert (await client.post(f"{address}/restore")).status_code == 404

        read = await client.post("/api/reminders/read-time", json={"when": "every day at 7 am"})
        assert read.json()["repeat_text"] == "every day at 07:00" and "T07:00:00+08:00" in read.json()["at"]
        seen = (await client.get("/api/reminders", params={"state": "done"})).json()["reminders"]
        assert seen == []


async def test_refusals_are_problems_with_codes(tmp_path: Path) -> None:
    async with running(tmp_path) as server:

        async def refused(status: int, code: str, body: dict[str, Any]) -> None:
            answer = await server.client.post("/api/reminders", json=body)
            assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text

        await refused(422, "time_not_understood", {"text": "tea", "when": "some day"})
        await refused(422, "time_is_past", {"text": "tea", "at": "2001-01-01T00:00Z"})
        await refused(422, "time_missing", {})
        await refused(422, "invalid_repeat", {"text": "tea", "repeat": {"days": [9], "time": "08:00"}})
        await refused(422, "device_missing", {"text": "tea", "when": "at 9", "kind": "speak"})
        await refused(
            404, "device_not_found", {"text": "tea", "when": "at 9", "device_id": "aa:bb:cc:dd:ee:ff"}
        )
        assert (await server.client.get("/api/reminders/none/restore")).status_code in {404, 405}


async def test_a_device_says_it(tmp_path: Path) -> None:
    async with home(tmp_path) as house, house.device() as device:
        runtime = house.server.runtime
        places = House(lambda: runtime.devices, lambda: house.server.live)
        async with AsyncExitStack() as stack:
            runtime.schedule = open_reminders(runtime, stack)
            mac = house.registry.links[0].device_id
            caller = FakeCaller(device_id=mac)
            tool = CallersSchedule(lambda: runtime.schedule)
            made = await tool.add("关火", "一秒钟后", "", caller)
            assert made.text == "关火"
            await device.until("tts", state="stop")
            assert "".join(device.texts("tts", state="sentence_start")) == "提醒您：关火"
            async with asyncio.timeout(10):
                while (await runtime.schedule.get(made.id)).state != "done":
                    await asyncio.sleep(0.02)
            alert = Wish(text="门开了", title="注意", when="1秒后", kind="alert", device_id=mac)
            await runtime.schedule.add(alert)
            shown = await device.until("alert")
            assert (shown["status"], shown["message"]) == ("注意", "门开了")
            kept = await runtime.schedule.add(Wish(text="x", when="in 1 hour", device_id=mac))
            assert [one.own for one in places.of(kept)] == [True]


async def test_reminders_by_voice(tmp_path: Path) -> None:
    database = await Database.open(Settings(data_dir=tmp_path))
    try:
        schedule = Schedule(ReminderRepository(database), ReminderSettings(), "Asia/Shanghai")
        tool = CallersSchedule(lambda: schedule)
        caller = FakeCaller(device_id=None)
        pills = await tool.add("take my pills", "every weekday at 8", "", caller)
        assert pills.repeats == "every weekday at 08:00" and pills.at.hour == 8
        tea = await tool.add("tea", "tomorrow at 16:00", "daily", caller)
        assert tea.repeats == "every day at 16:00"
        bins = await tool.add("bins", "tomorrow at 7 am", "weekly", caller)
        assert bins.repeats.startswith("every ") and bins.at - datetime.now(UTC) < timedelta(days=2)
        rent = await tool.add("每月5号上午十点交房租", "", "monthly", caller)
        assert (rent.text, rent.repeats) == ("交房租", "every month on day 5 at 10:00")
        assert {one.text for one in await tool.list(caller)} == {"take my pills", "tea", "bins", "交房租"}
        assert [one.text for one in await tool.cancel("交房租的提醒", caller)] == ["交房租"]
        assert [one.text for one in await tool.cancel(tea.id, caller)] == ["tea"]
        assert await tool.cancel("nothing of the kind", caller) == []
        assert len(await tool.cancel("all", caller)) == 2 and await tool.list(caller) == []
    finally:
        await database.close()


async def test_a_reminder_put_right_by_voice(tmp_path: Path) -> None:
    database = await Database.open(Settings(data_dir=tmp_path))
    try:
        schedule = Schedule(ReminderRepository(database), ReminderSettings(), "Asia/Shanghai")
        tool = CallersSchedule(lambda: schedule)
        caller, other = FakeCaller(conversation_id="one"), FakeCaller(conversation_id="two")
        assert await tool.move("九点", "", caller) is None
        pills = await tool.add("明天早上八点提醒我吃药", "", "", caller)
        moved = await tool.move("九点", "", caller)
        assert moved is not None
        assert (moved.id, moved.text, moved.at - pills.at) == (pills.id, "吃药", timedelta(hours=1))
        assert await tool.move("十点", "", other) is None
        daily = await tool.move("每天", "", caller)
        assert daily is not None and daily.repeats == "every day at 09:00"
        # What came to nothing is not the reminder before it.
        with pytest.raises(KaikouError) as vague:
            await tool.add("一会儿提醒我喝水", "", "", caller)
        assert vague.value.code == "time_vague" and await tool.move("二十分钟", "", caller) is None
        water = await tool.add("一会儿提醒我喝水", "二十分钟", "", caller)
        assert water.text == "喝水"
        assert [one.text for one in await tool.cancel("取消刚才那个提醒", caller)] == ["喝水"]
        assert await tool.move("十点", "", caller) is None
        assert [one.text for one in await tool.cancel("取消所有提醒", caller)] == ["吃药"]
    finally:
        await database.close()


async def test_the_tools_are_there(tmp_path: Path) -> None:
    async with running(tmp_path, **SHANGHAI) as server:
        tried = await server.client.post(
            "/api/tools/builtin/remind/call", json={"arguments": {"text": "关火", "when": "十分钟后"}}
        )
        assert tried.status_code == 200 and "关火" in tried.json()["text"] and not tried.json()["failed"]
        (kept,) = (await server.client.get("/api/reminders")).json()["reminders"]
        assert kept["text"] == "关火" and kept["device_id"] is None


async def test_another_device_is_called_by_its_name(tmp_path: Path) -> None:
    async with home(tmp_path) as house:
        token = await house.bound(alias="Kitchen")
        async with house.device(token) as device:
            others = OtherDevices(lambda: house.registry)
            assert others.names(FakeCaller(device_id="00:00:00:00:00:01")) == ["Kitchen"]
            assert others.names(FakeCaller(device_id=house.registry.links[0].device_id)) == []
            await others.speak("Kitchen", "Dinner is ready.", FakeCaller(device_id=None))
            await device.until("tts", state="stop")
            assert device.texts("tts", state="sentence_start") == ["Dinner is ready."]
