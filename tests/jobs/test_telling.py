"""Reminders told on a clock of the test's own: on time, once, by one of many, and after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kaikou.errors import InvalidInput, KaikouError
from kaikou.jobs import telling
from kaikou.jobs.places import Place
from kaikou.jobs.reminder import Reminder, Wish
from kaikou.jobs.schedule import Schedule
from kaikou.jobs.telling import INTERRUPTED, Telling
from kaikou.settings.services import ReminderSettings
from kaikou.settings.tree import Settings
from kaikou.store.database import Database
from kaikou.store.reminders import ReminderRepository

ZONE = "Asia/Shanghai"
START = datetime(2026, 11, 25, 2, 30, tzinfo=UTC)


@dataclass
class Clock:
    at: datetime = START

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **more: float) -> None:
        self.at += timedelta(**more)


@dataclass
class Room:
    """A device that is there, or not."""

    name: str
    there: bool = True
    heard: list[str] = field(default_factory=list)
    fails: int = 0
    unheard: int = 0
    """Times that its connection ends first."""
    holds: asyncio.Event | None = None
    own: bool = True

    async def say(self, text: str) -> bool:
        if self.fails:
            self.fails -= 1
            raise InvalidInput("The line is full.")
        if self.holds is not None:
            await self.holds.wait()
        if self.unheard:
            self.unheard -= 1
            return False
        self.heard.append(text)
        return True

    async def alert(self, title: str, message: str, emotion: str) -> None:
        self.heard.append(f"[{title}|{message}|{emotion}]")

    async def reboot(self) -> None:
        self.heard.append("[reboot]")


@dataclass
class House:
    rooms: list[Room]

    def of(self, reminder: Reminder) -> Sequence[Place]:
        there = [replace_own(room, room.name == reminder.device_id) for room in self.rooms if room.there]
        own = [room for room in there if room.own]
        return own if reminder.kind != "remind" else sorted(there, key=lambda room: not room.own)


def replace_own(room: Room, own: bool) -> Room:
    room.own = own
    return room


@dataclass
class Home:
    """A server with its clock, its database and its rooms."""

    database: Database
    clock: Clock
    kitchen: Room
    bedroom: Room
    changes: list[tuple[str, str]] = field(default_factory=list)
    settings: ReminderSettings = field(default_factory=ReminderSettings)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self, rooms: Sequence[Room] | None = None) -> Telling:
        rows = ReminderRepository(self.database)
        house = House(list(rooms) if rooms is not None else [self.kitchen, self.bedroom])
        note = lambda one, change: self.changes.append((one, change))  # noqa: E731
        self.schedule = Schedule(rows, self.settings, ZONE, changed=note, clock=self.clock)
        self.telling = Telling(rows, self.settings, house, changed=note, clock=self.clock)
        return self.telling

    async def add(self, text: str, when: str = "", device: str | None = "kitchen", **more: Any) -> Reminder:
        return await self.schedule.add(Wish(text=text, when=when, device_id=device, **more))

    async def pass_time(self, **more: float) -> None:
        self.clock.forward(**more)
        await self.look()

    async def look(self) -> None:
        await self.telling.once()
        await self.telling.settled()

    async def state(self, reminder: Reminder) -> str:
        return (await self.schedule.get(reminder.id)).state


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    database = await Database.open(Settings(data_dir=tmp_path))
    yield Home(database, Clock(), Room("kitchen"), Room("bedroom"))
    await database.close()


async def test_told_where_it_was_set_when_it_is_time(home: Home) -> None:
    reminder = await home.add("十分钟后提醒我关火")
    assert reminder.text == "关火" and reminder.at == START + timedelta(minutes=10)
    await home.pass_time(minutes=9, seconds=59)
    assert home.kitchen.heard == []
    await home.pass_time(seconds=1)
    assert home.kitchen.heard == ["提醒您：关火"] and home.bedroom.heard == []
    await home.pass_time(hours=1)
    assert len(home.kitchen.heard) == 1
    done = await home.schedule.get(reminder.id)
    assert done.state == "done" and done.at is None and done.last is not None
    assert (done.last.outcome, done.last.note) == ("said", "kitchen")
    assert [change for _, change in home.changes] == ["added", "said"]


async def test_it_outlives_the_server(home: Home) -> None:
    await home.add("take my pills", "every weekday at 8")
    home.restart()
    await home.pass_time(hours=21, minutes=30)  # Thursday, 8:00
    home.restart()
    await home.pass_time(days=1)  # Friday
    home.restart()
    await home.pass_time(days=1)  # Saturday
    assert home.kitchen.heard == ["A reminder: take my pills"] * 2
    home.restart()
    await home.pass_time(days=2)  # Monday
    assert len(home.kitchen.heard) == 3


async def test_what_was_due_while_no_server_ran(home: Home) -> None:
    soon, long_ago = await home.add("tea", "in 30 minutes"), await home.add("bread", "in 5 minutes")
    daily = await home.add("news", "every day at 11 am")
    home.restart()
    await home.pass_time(minutes=75)
    assert sorted(home.kitchen.heard) == ["A reminder for 11:00: news", "A reminder for 11:00: tea"]
    assert [await home.state(one) for one in (soon, long_ago, daily)] == ["done", "missed", "waiting"]
    await home.pass_time(days=5)
    missed = await home.schedule.get(daily.id)
    assert missed.last is not None and missed.last.outcome == "missed"
    assert missed.at is not None and missed.at > home.clock.at


async def test_another_device_tells_it_after_a_moment(home: Home) -> None:
    home.kitchen.there = False
    await home.add("tea", "in 10 minutes")
    await home.pass_time(minutes=10)
    assert home.bedroom.heard == []  # the kitchen may be with another server
    await home.pass_time(seconds=home.settings.elsewhere_seconds)
    assert home.bedroom.heard == ["A reminder: tea"]
    home.kitchen.there = True
    await home.pass_time(seconds=10)
    assert home.kitchen.heard == []


async def test_it_waits_for_somebody_to_come_and_is_missed_in_the_end(home: Home) -> None:
    home.kitchen.there = home.bedroom.there = False
    first, second = await home.add("tea", "in 10 minutes"), await home.add("bread", "in 40 minutes")
    await home.pass_time(minutes=40)
    assert [await home.state(one) for one in (first, second)] == ["due", "due"]
    await home.pass_time(minutes=31)
    assert [await home.state(one) for one in (first, second)] == ["missed", "due"]
    assert home.changes.count((first.id, "due")) == 1 and (first.id, "missed") in home.changes
    home.kitchen.there = True
    await home.look()
    assert home.kitchen.heard == ["A reminder for 11:10: bread"]


async def test_a_push_goes_to_its_device_alone(home: Home) -> None:
    home.kitchen.there = False
    for kind in ("speak", "alert", "reboot"):
        await home.add("dinner", "in 1 minute", kind=kind, title="Now", emotion="happy")
    await home.pass_time(minutes=30)
    assert home.bedroom.heard == []
    home.kitchen.there = True
    await home.look()
    assert sorted(home.kitchen.heard) == ["[Now|dinner|happy]", "[reboot]", "dinner"]


async def test_many_servers_tell_it_once(home: Home) -> None:
    servers = [home.telling, home.restart(), home.restart(), home.restart()]
    for n in range(20):
        await home.add(f"tea {n}", "in 1 minute")
    home.clock.forward(minutes=1)
    await asyncio.gather(*(server.once() for server in servers))
    await asyncio.gather(*(server.settled() for server in servers))
    assert sorted(home.kitchen.heard) == sorted(f"A reminder: tea {n}" for n in range(20))


async def test_the_server_that_has_the_device_tells_it(home: Home) -> None:
    with_bedroom = home.restart([home.bedroom])
    with_kitchen = home.restart([home.kitchen])
    await home.add("tea", "in 1 minute")
    home.clock.forward(minutes=1)
    for server in (with_bedroom, with_kitchen):
        await server.once()
        await server.settled()
    assert home.kitchen.heard == ["A reminder: tea"] and home.bedroom.heard == []


async def test_what_could_not_be_said_is_tried_again(home: Home) -> None:
    home.kitchen.fails, home.kitchen.unheard = 1, 1
    reminder = await home.add("tea", "in 1 minute")
    await home.pass_time(minutes=1)
    assert await home.state(reminder) == "due"
    await home.look()
    assert await home.state(reminder) == "due" and home.kitchen.heard == []
    await home.look()
    assert home.kitchen.heard == ["A reminder: tea"]


async def test_a_server_that_dies_while_telling_says_so_and_nobody_repeats_it(home: Home) -> None:
    home.kitchen.holds = asyncio.Event()
    once, daily = await home.add("tea", "in 1 minute"), await home.add("pills", "every day at 10:31 am")
    home.clock.forward(minutes=1)
    await home.telling.once()
    dead = home.telling
    home.kitchen.holds = None
    home.restart()
    await home.look()
    assert home.kitchen.heard == []  # claimed: perhaps it is being said
    await home.pass_time(minutes=10)
    assert home.kitchen.heard == []
    found = await home.schedule.get(once.id)
    assert found.state == "missed" and found.last is not None
    assert (found.last.outcome, found.last.note) == ("failed", INTERRUPTED)
    assert await home.state(daily) == "waiting" and (daily.id, "failed") in home.changes
    await dead.close()


async def test_changed_cancelled_and_brought_back(home: Home) -> None:
    reminder = await home.add("tea", "in 10 minutes")
    moved = await home.schedule.change(reminder.id, Wish(when="in 20 minutes"), frozenset({"when"}))
    assert moved.at == START + timedelta(minutes=20) and moved.text == "tea"
    named = await home.schedule.change(reminder.id, Wish(text="coffee"), frozenset({"text"}))
    assert (named.text, named.at) == ("coffee", moved.at)
    gone = await home.schedule.cancel(reminder.id)
    assert gone.state == "cancelled"
    await home.pass_time(minutes=20)
    assert home.kitchen.heard == []
    with pytest.raises(KaikouError, match="no reminder"):
        await home.schedule.get(reminder.id)
    await home.schedule.restore(reminder.id)
    await home.look()
    assert home.kitchen.heard == ["A reminder: coffee"]
    again = await home.schedule.change(reminder.id, Wish(when="in 5 minutes"), frozenset({"when"}))
    assert again.state == "waiting"


async def test_one_that_was_told_is_not_told_again_when_it_is_brought_back(home: Home) -> None:
    reminder = await home.add("tea", "in 1 minute")
    await home.pass_time(minutes=1)
    await home.schedule.cancel(reminder.id)
    assert (await home.schedule.restore(reminder.id)).state == "done"
    await home.look()
    assert home.kitchen.heard == ["A reminder: tea"]


async def test_one_that_makes_no_sense_keeps_no_other_waiting(home: Home) -> None:
    bad = await home.add("tea", "in 1 minute")
    await ReminderRepository(home.database).change(bad.id, {"repeat": {"days": ["?"]}})
    await home.add("coffee", "in 2 minutes")
    await home.pass_time(minutes=2)
    assert home.kitchen.heard == ["A reminder: coffee"]


async def test_the_looking_goes_on_whatever_went_wrong_once(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "_RETRY_SECONDS", 0.0)
    looked, broken = asyncio.Event(), [ZeroDivisionError("a bug")]

    async def once() -> float:
        if broken:
            raise broken.pop()
        looked.set()
        return 30.0

    monkeypatch.setattr(home.telling, "once", once)
    home.telling.start()
    async with asyncio.timeout(10):
        await looked.wait()
    await home.telling.close()


async def test_changing_it_while_it_is_told_is_no_second_telling(home: Home) -> None:
    home.kitchen.holds = asyncio.Event()
    reminder = await home.add("tea", "in 1 minute")
    home.clock.forward(minutes=1)
    await home.telling.once()
    await home.schedule.change(reminder.id, Wish(when="in 1 hour"), frozenset({"when"}))
    home.kitchen.holds.set()
    await home.telling.settled()
    assert await home.state(reminder) == "waiting" and len(home.kitchen.heard) == 1


async def test_zones_and_repetitions_given_apart(home: Home) -> None:
    berlin = await home.add("call", "at 9 am", zone="Europe/Berlin")
    assert berlin.at == datetime(2026, 11, 25, 8, tzinfo=UTC)
    weekly = await home.add("bins", "tomorrow at 7 am", repeat={"days": [3]})
    assert weekly.repeat is not None and weekly.repeat.text == "every Thursday at 07:00"
    moved = await home.schedule.change(weekly.id, Wish(zone="Europe/Berlin"), frozenset({"zone"}))
    assert moved.at == datetime(2026, 11, 26, 6, tzinfo=UTC)
    only = await home.add("news", repeat={"days": [0, 1, 2, 3, 4, 5, 6], "time": "12:00"})
    assert only.at == datetime(2026, 11, 25, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    "wish,code",
    [
        (Wish(text=""), "time_missing"),
        (Wish(text="tea"), "time_not_understood"),
        (Wish(text="tea", when="yesterday"), "time_not_understood"),
        (Wish(text="tea", at=START), "time_is_past"),
        (Wish(text="tea", when="at 9", zone="Mars/Base"), "unknown_zone"),
        (Wish(text="x" * 501, when="at 9"), "message_too_long"),
        (Wish(text="", when="at 9", kind="speak", device_id="kitchen"), "empty_message"),
        (Wish(text="tea", when="at 9", kind="speak"), "device_missing"),
        (Wish(text="tea", when="at 9", kind="sing"), "invalid_kind"),  # type: ignore[arg-type]
    ],
)
async def test_refusals(home: Home, wish: Wish, code: str) -> None:
    with pytest.raises(KaikouError) as refused:
        await home.schedule.add(wish)
    assert refused.value.code == code


async def test_there_is_a_bound(home: Home) -> None:
    home.settings = ReminderSettings(most=2)
    home.restart()
    for n in range(2):
        await home.add(f"{n}", "in 1 hour")
    with pytest.raises(KaikouError) as refused:
        await home.add("tea", "in 1 hour")
    assert refused.value.code == "too_many_reminders"


async def test_it_tells_by_itself(home: Home) -> None:
    """With the real clock, from waking to telling."""
    home.clock = lambda: datetime.now(UTC)  # type: ignore[assignment]
    home.restart()
    home.schedule.wake = home.telling.wake
    home.telling.start()
    try:
        home.kitchen.there = home.bedroom.there = False
        reminder = await home.add("tea", "in 1 second")
        async with asyncio.timeout(30):
            while (reminder.id, "due") not in home.changes:
                await asyncio.sleep(0.01)
            home.kitchen.there = True
            home.telling.somebody_came()
            while not home.kitchen.heard:
                await asyncio.sleep(0.01)
    finally:
        await home.telling.close()
    assert home.kitchen.heard == ["A reminder: tea"]
