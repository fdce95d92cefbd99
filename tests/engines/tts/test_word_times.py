"""Estimated word times: units of a text, pauses of sound matched with its marks, sound that still arrives."""

from __future__ import annotations

import numpy as np
import pytest

from kaikou.audio.pcm import Pcm
from kaikou.engines.tts.word_times import Paces, WordTimer, estimated, units

RATE = 16_000


def sound(*seconds: float) -> Pcm:
    """Tone and silence in turns."""
    parts = [np.full(round(each * RATE), 0.0 if at % 2 else 0.3) for at, each in enumerate(seconds)]
    return Pcm(np.concatenate(parts).astype(np.float32), RATE)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Dr. Smith paid $24.99, **twice** 😀!", ["Dr.", "Smith", "paid", "$24.99", "twice"]),
        ("今天是2024年，用GPT-4吧。", ["今", "天", "是", "2024", "年", "用", "GPT-4", "吧"]),
        ("Привет, мир!", ["Привет", "мир"]),
        ("カメラ안녕", ["カ", "メ", "ラ", "안", "녕"]),
        ("… 😀 !", []),
    ],
)
def test_units_are_words_as_written(text: str, written: list[str]) -> None:
    found = units(text)
    assert [unit.text for unit in found] == written
    assert all(text[slice(*unit.span)] == unit.text for unit in found)
    assert all(unit.seconds > 0 for unit in found)


def test_longer_words_take_longer() -> None:
    short, long = units("a recommendation")
    assert long.seconds > 3 * short.seconds
    year, hanzi = units("2024年")
    assert year.seconds > 3 * hanzi.seconds


def test_words_begin_after_the_pause_that_their_mark_makes() -> None:
    text = "One two three, four five six."
    words = estimated(units(text), sound(1.5, 0.4, 1.3))
    four = words[3]
    assert four.text == "four"
    assert four.start == pytest.approx(1.9, abs=0.02)
    assert words[2].end == pytest.approx(1.5, abs=0.02)
    assert words[-1].end == pytest.approx(3.2, abs=0.02)
    assert not any(word.measured for word in words)


def test_a_mark_that_is_passed_over_makes_no_pause() -> None:
    words = estimated(units("One, two three four five six, seven eight."), sound(2.0, 0.3, 0.9))
    starts = {word.text: word.start for word in words}
    assert starts["seven"] == pytest.approx(2.3, abs=0.02)
    assert starts["two"] < 0.7


def test_times_are_in_order_and_within_the_sound() -> None:
    pcm = sound(0.7, 0.2, 1.1, 0.1, 0.4, 0.3, 2.0)
    words = estimated(units("今天，天气很好；我们去 the park，好不好？是的，5只猫。"), pcm)
    times = [time for word in words for time in (word.start, word.end)]
    assert times == sorted(times)
    assert times[0] >= 0
    assert times[-1] <= pcm.seconds


@pytest.mark.parametrize("text", ["Hello there.", "😀"])
def test_no_sound_or_no_words(text: str) -> None:
    assert estimated(units(text), Pcm.silence(1.0, RATE)) == ()
    assert estimated(units("😀"), sound(1.0)) == ()
    assert WordTimer(units(text)).words == ()


def test_arriving_sound_corrects_what_was_expected() -> None:
    text = "One two three four, five six seven eight."
    timer = WordTimer(units(text), pace=2.0)
    pcm = sound(1.5, 0.4, 1.5)
    timer.hear(Pcm(pcm.samples[: RATE // 2], RATE))
    hasty = timer.words[4].start
    timer.hear(Pcm(pcm.samples[RATE // 2 : 2 * RATE], RATE))
    informed = timer.words[4].start
    timer.hear(Pcm(pcm.samples[2 * RATE :], RATE))
    pace = timer.finish()
    assert hasty < 1.8
    assert informed == pytest.approx(1.9, abs=0.02)
    assert timer.words[4].start == pytest.approx(1.9, abs=0.02)
    assert pace == pytest.approx(3.0 / sum(unit.seconds for unit in units(text)), abs=0.02)


def test_no_word_begins_in_silence_that_has_not_ended() -> None:
    timer = WordTimer(units("One two. Three four."), pace=1.0)
    timer.hear(sound(0.3, 0.9))
    assert all(word.start < 0.31 or word.start >= 1.2 - 0.01 for word in timer.words)


def test_paces_are_learnt_and_bounded() -> None:
    paces = Paces()
    assert paces.of("slow") == 1.0
    paces.learn("slow", 2.0)
    assert paces.of("slow") == 2.0
    paces.learn("slow", 1.0)
    assert paces.of("slow") == 1.5
    for voice in range(300):
        paces.learn(voice, 1.0)
    assert paces.of("slow") == 1.0
