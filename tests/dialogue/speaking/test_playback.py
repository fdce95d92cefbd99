"""The track's clock and what it says was heard."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kaikou.dialogue.speaking.playback import Track
from kaikou.engines.ports import Word

RATE = 24_000
TEXT = "One two three. Four five six."


def track(words: bool = True) -> Track:
    one = Track(RATE)
    one.alignment.text = TEXT
    timed = [
        Word("One", 0.0, 0.3, span=(0, 3)),
        Word("two", 0.3, 0.6, span=(4, 7)),
        Word("three", 0.6, 1.0, span=(8, 13)),
    ]
    if not words:
        timed = []
    one.append(b"\x01\x00" * RATE, (0, 14), timed)
    one.append(b"\x02\x00" * RATE, (15, len(TEXT)), [])
    one.complete = True
    return one


def test_heard_words_follow_their_times() -> None:
    heard = track().alignment.heard
    assert heard(0) == ""
    assert heard(400) == "One"
    assert heard(500) == "One two"
    assert heard(1000) == "One two three."
    assert heard(5000) == TEXT


@given(st.floats(0, 2500), st.floats(0, 2500), st.booleans())
def test_more_played_is_never_less_heard(one: float, other: float, words: bool) -> None:
    heard = track(words).alignment.heard
    less, more = sorted((one, other))
    assert heard(more).startswith(heard(less))
    assert TEXT.startswith(heard(more))


@given(st.lists(st.tuples(st.floats(0.001, 0.4), st.booleans()), max_size=60), st.floats(40, 600))
def test_never_more_than_the_lead_is_ahead_and_nothing_is_lost(
    steps: list[tuple[float, bool]], lead: float
) -> None:
    one, now, got = track(), 100.0, b""
    for wait, paused in steps:
        now += wait
        one.paused = paused
        data, start = one.take(now, lead)
        assert not (paused and data)
        assert start == len(got) / 2 / RATE * 1000
        got += data
        assert one.sent_ms - one.played_ms(now) <= lead + 1
    one.paused = False
    while not one.drained:
        now += 0.05
        got += one.take(now, lead)[0]
    assert got == b"\x01\x00" * RATE + b"\x02\x00" * RATE


def test_a_pause_stops_the_clock_at_what_was_sent() -> None:
    one = track()
    one.take(0.0, 400)
    one.paused = True
    assert one.played_ms(10.0) == 400
    one.paused = False
    assert one.take(10.0, 400)[1] == 400
    assert one.played_ms(10.2) == 600


def test_what_was_not_played_is_sent_again() -> None:
    one = track()
    first, _ = one.take(0.0, 400)
    one.rewind(150, 5.0)
    again, start = one.take(5.0, 400)
    assert start == 150 and len(again) == len(first)


def test_it_is_dry_once_all_sound_so_far_has_been_heard() -> None:
    one, now = Track(RATE), 5.0
    one.append(b"\x01\x00" * RATE, (0, 3), [])
    assert one.dry_ms(now) == 0, "not yet begun"
    one.take(now, 2000)
    assert one.dry_ms(now + 0.9) == 0
    assert round(one.dry_ms(now + 1.25)) == 250
    one.append(b"\x01\x00" * RATE, (4, 6), [])
    assert one.dry_ms(now + 1.25) == 0
    one.take(now + 1.25, 2000)
    assert round(one.dry_ms(now + 2.5)) == 250, "the wait before is not counted again"
    one.paused = True
    assert one.dry_ms(now + 2.5) == 0
