"""Enrolled, recognised, named and forgotten, on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio

import pytest
from speakers.conftest import ANNA, BOB, CARL, RATE, FakeTalk, Home, voice, wav

from kaikou.audio.pcm import Pcm
from kaikou.engines.pool import Pool
from kaikou.errors import InvalidInput, LimitReached, NotFound, NotReady
from kaikou.speakers.utterances import utterances
from kaikou.speakers.voices import Score, decided, line
from kaikou.store.database import Database


async def test_nobody_is_enrolled_without_having_agreed(home: Home) -> None:
    for consent in ({}, {"by": "Anna"}, {"text": "yes"}, {"by": " ", "text": "yes"}):
        with pytest.raises(InvalidInput) as told:
            await home.library.add("Anna", consent)
        assert told.value.code == "consent_needed"
    made = await home.library.add(" Anna  K ", {"by": "Anna", "text": "I agree."})
    assert made.row.name == "Anna K" and not made.ready
    kept = (await home.library.get(made.row.id)).row.consent
    assert (kept["by"], kept["text"]) == ("Anna", "I agree.") and kept["at"].startswith("20")


async def test_a_known_voice_is_recognised_and_another_is_nobody(home: Home) -> None:
    anna, bob = await home.known("Anna", ANNA), await home.known("Bob", BOB)
    assert [(one.row.name, one.utterances, one.ready) for one in await home.library.all()] == [
        ("Anna", 3, True),
        ("Bob", 3, True),
    ]
    found = await home.library.recognise(voice(BOB))
    assert found.speaker_id == bob and [one.speaker_id for one in found.scores] == [bob, anna]
    assert (await home.library.recognise_recording(wav(voice(ANNA)))).speaker_id == anna
    stranger = await home.library.recognise(voice(CARL))
    assert stranger.speaker_id is None and len(stranger.scores) == 2
    assert (await home.library.recognise(voice(ANNA, 0.3))).scores == ()


async def test_the_more_are_known_the_more_alike_a_voice_must_be(database: Database, pool: Pool) -> None:
    home = Home(database, pool)
    thresholds = []
    for name, pitch in (("Anna", ANNA), ("Bob", BOB), ("Carl", CARL), ("Dora", 440.0)):
        await home.known(name, pitch)
        thresholds.append((await home.library.recognise(voice(CARL))).threshold)
    one, two, three, four = thresholds
    assert one == home.encoder.threshold and four - two == pytest.approx(two - one) and two < three < four
    chosen = Home(database, pool, threshold=0.7)
    assert (await chosen.library.recognise(voice(CARL))).threshold == 0.7


def test_a_voice_near_the_line_is_somebody_alone_at_home_and_nobody_among_eight() -> None:
    scores = [Score("anna", 0.83), Score("bob", 0.5)]
    assert decided(scores, line(0.81, 1)) == "anna"
    assert decided(scores, line(0.81, 8)) is None
    assert decided([], line(0.81, 0)) is None


async def test_too_few_utterances_are_not_enough(home: Home) -> None:
    made = await home.library.add("Anna", {"by": "Anna", "text": "I agree."})
    done = await home.library.enrol(made.row.id, wav(voice(ANNA), voice(ANNA)))
    assert (done.added, done.speaker.ready) == (2, False)
    assert (await home.library.recognise(voice(ANNA))).speaker_id is None
    await home.library.enrol(made.row.id, wav(voice(ANNA)))
    assert (await home.library.recognise(voice(ANNA))).speaker_id == made.row.id
    assert not (await home.library.start_over(made.row.id)).utterances


async def test_what_is_no_voice_is_refused(home: Home) -> None:
    made = await home.library.add("Anna", {"by": "Anna", "text": "I agree."})
    for data, code in (
        (wav(Pcm.silence(3.0, RATE)), "no_voice"),
        (wav(voice(ANNA, 0.4)), "no_voice"),
        (b"nothing", "unreadable_audio"),
        (wav(Pcm.silence(400.0, RATE)), "audio_too_long"),
    ):
        with pytest.raises(InvalidInput) as told:
            await home.library.enrol(made.row.id, data)
        assert told.value.code == code
    with pytest.raises(NotFound):
        await home.library.enrol("spk_none", wav(voice(ANNA)))


async def test_forgetting_takes_the_prints_for_good(home: Home) -> None:
    anna = await home.known("Anna", ANNA)
    assert len(await home.repository.prints()) == 3
    await home.library.delete(anna)
    assert await home.repository.prints() == () and await home.library.all() == []
    assert (await home.library.recognise(voice(ANNA))).scores == ()
    for change in (home.library.delete(anna), home.library.rename(anna, "x"), home.library.get(anna)):
        with pytest.raises(NotFound):
            await change


async def test_the_limits(database: Database, pool: Pool) -> None:
    home = Home(database, pool, max_speakers=1, max_utterances=2)
    made = await home.library.add("Anna", {"by": "Anna", "text": "I agree."})
    with pytest.raises(LimitReached):
        await home.library.add("Bob", {"by": "Bob", "text": "I agree."})
    done = await home.library.enrol(made.row.id, wav(*[voice(ANNA)] * 3))
    assert done.added == 2 and [one.code for one in done.refused] == ["enough_recorded"]


async def test_switched_off_no_voice_is_looked_at(database: Database, pool: Pool) -> None:
    home = Home(database, pool)
    await home.known("Anna", ANNA)
    off = Home(database, pool, enabled=False)
    assert await off.room.enrich(FakeTalk(), "Hello", voice(ANNA)) == ""
    assert off.asked == 0
    with pytest.raises(InvalidInput) as told:
        await off.library.recognise(voice(ANNA))
    assert told.value.code == "speakers_off"


async def test_the_prompt_says_who_speaks(home: Home) -> None:
    talk = FakeTalk()
    assert await home.room.enrich(talk, "Hello", voice(ANNA)) == "" and home.asked == 0
    anna = await home.known("Anna", ANNA)
    await home.known("Bob", BOB)
    assert "Anna" in await home.room.enrich(talk, "Hello", voice(ANNA))
    assert "是Bob" in await home.room.enrich(talk, "你好", voice(BOB))
    assert await home.room.enrich(talk, "Hello", voice(CARL)) == ""
    assert home.names == [("conv_1", "Anna"), ("conv_1", "Bob"), ("conv_1", None)]
    assert {"id": anna, "change": "heard", "conversation": "conv_1"} in home.told


async def test_a_short_word_is_taken_for_the_last_speakers(home: Home) -> None:
    anna = await home.known("Anna", ANNA)
    talk = FakeTalk()
    await home.room.enrich(talk, "Hello there", voice(ANNA))
    assert "Anna" in await home.room.enrich(talk, "Yes", voice(BOB, 0.3))
    assert await home.room.speaker(talk, None) == anna
    home.room.closed(talk)
    assert await home.room.speaker(talk, None) is None


async def test_one_utterance_is_encoded_once_for_all_who_ask(home: Home) -> None:
    anna = await home.known("Anna", ANNA)
    home.asked, heard = 0, voice(ANNA)
    asked = [home.room.speaker(FakeTalk(), heard) for _ in range(3)]
    assert await asyncio.gather(*asked) == [anna] * 3 and home.asked == 1


async def test_a_turn_does_not_wait_for_an_encoder_that_loads(home: Home) -> None:
    await home.known("Anna", ANNA)
    home.missing = NotReady("The speaker engine is being made ready.")
    assert await home.room.enrich(FakeTalk(), "Hello", voice(ANNA)) == ""


async def test_who_was_heard_is_noted_at_the_end(home: Home) -> None:
    anna = await home.known("Anna", ANNA)
    await home.room.enrich(FakeTalk(), "Hello", voice(ANNA))
    home.room.after_turn(FakeTalk(), "Hello", "Hi.")
    await home.room.stop()
    assert (await home.library.get(anna)).row.last_heard is not None


def test_a_recording_is_cut_at_its_pauses() -> None:
    parts = [voice(ANNA, 2.0), Pcm.silence(1.0, RATE), voice(ANNA, 0.5), voice(ANNA, 13.0)]
    joined = parts[0] + parts[1] + parts[2] + parts[3]
    found = [round(one.seconds) for one in utterances(joined, 1.5)]
    assert found == [2, 7, 7]
    assert utterances(Pcm.silence(2.0, RATE), 1.5) == []
