"""The feed of state changes: everybody hears everything, nobody can hold it up."""

from __future__ import annotations

import asyncio
import json

import pytest

from kaikou.api.events import Change, Feed, stream
from kaikou.errors import LimitReached


def parsed(chunk: bytes) -> list[tuple[str, object]]:
    found = []
    for block in chunk.decode().strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "event" in fields:
            found.append((fields["event"], json.loads(fields["data"])))
    return found


async def test_a_reader_gets_the_state_first_and_then_each_change() -> None:
    feed = Feed()
    source = stream(feed, Change("state", {"ready": False}))
    assert parsed(await anext(source)) == [("state", {"ready": False})]
    feed.publish("engines", kind="vad", state="ready")
    assert parsed(await anext(source)) == [("engines", {"kind": "vad", "state": "ready"})]
    await source.aclose()
    assert len(feed) == 0


async def test_a_slow_reader_is_told_to_read_afresh_and_holds_up_nobody() -> None:
    feed = Feed(backlog=3)
    slow, quick = stream(feed, Change("state")), stream(feed, Change("state"))
    await anext(slow)
    await anext(quick)
    for number in range(10):
        feed.publish("sessions", live=number)
        assert parsed(await anext(quick)) == [("sessions", {"live": number})]
    assert parsed(await anext(slow))[0][0] == "resync"
    await slow.aclose()
    await quick.aclose()


async def test_too_many_readers_are_refused() -> None:
    feed = Feed(readers=1)
    source = stream(feed, Change("state"))
    await anext(source)
    with pytest.raises(LimitReached) as caught:
        feed.check()
    assert caught.value.code == "event_readers_limit"
    await source.aclose()
    feed.check()


async def test_closing_ends_every_stream() -> None:
    feed = Feed()
    source = stream(feed, Change("state"))
    await anext(source)
    feed.publish("sessions", live=1)
    feed.close()
    rest = [parsed(chunk)[0][0] async for chunk in source]
    assert rest == ["closing"]
    with pytest.raises(LimitReached):
        feed.check()


async def test_a_quiet_stream_is_kept_alive() -> None:
    source = stream(Feed(), Change("state"), heartbeat=0.01)
    await anext(source)
    assert (await asyncio.wait_for(anext(source), 5)).startswith(b":")
    await source.aclose()
