"""English words to phonemes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaikou.engines.tts.kokoro.english import phonemes
from kaikou.engines.tts.kokoro.letters import letter_sounds
from kaikou.engines.tts.kokoro.lexicon import lexicon

US = lexicon("us")


def said(text: str, accent: str = "us") -> str:
    return " ".join(phonemes([*text.split(), ""], lexicon(accent))[:-1])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("cats", "kˈæts"),
        ("dogs", "dˈɔɡz"),
        ("NASA", "nˈæsə"),
        ("IBM", "ˌIbˌiˈɛm"),
        ("US", "jˌuˈɛs"),
        ("us", "ˌʌs"),
        ("PDFs", "pˌidˌiˈɛfs"),
        ("don't", "dˈOnt"),
        ("GPT-4", "ʤˌipˌitˈi fˈɔɹ"),
        ("café", "kæfˈA"),
        ("STOP", "stˈɑp"),
    ],
)
def test_words(word: str, expected: str) -> None:
    assert said(word) == expected


def test_inflections_agree_in_voice() -> None:
    assert US._with_s("kˈæt") == "kˈæts"
    assert US._with_s("bˈʌs") == "bˈʌsᵻz"
    assert US._with_ed("wˈɔk") == "wˈɔkt"
    assert US._with_ed("nˈid") == "nˈidᵻd"
    assert US._with_ed("wˈAt") == "wˈAɾᵻd"
    assert lexicon("gb")._with_ed("wˈAt") == "wˈAtɪd"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the apple", "ði ˈæpᵊl"),
        ("the pear", "ðə pˈɛɹ"),
        ("to eat", "tʊ ˈit"),
        ("to leave", "tə lˈiv"),
        ("used to", "jˈust tu"),
    ],
)
def test_small_words_depend_on_the_next_one(text: str, expected: str) -> None:
    assert said(text) == expected


def test_words_written_alike() -> None:
    assert said("to record") != said("to a record")[-len(said("record")) :]
    assert "ɹəkˈɔɹd" in said("please record it")
    assert "ɹˈɛkəɹd" in said("a record here")
    assert "ɹˈɛd" in said("she has read it")
    assert "ɹˈid" in said("I read books")
    assert "lˈɪv" in said("I live here")
    assert "lˈIv" in said("a live show")


def test_accents_differ() -> None:
    assert said("water") != said("water", "gb")
    assert "ɹ" in said("car")
    assert "ɹ" not in said("car", "gb")


def test_names_out_of_known_words() -> None:
    assert said("GitHub").startswith(said("git"))
    assert US.phones("smartphone").startswith(US.phones("smart"))


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=20))
def test_any_word_gets_a_sound_that_the_model_knows(word: str) -> None:
    known = set("AIOWYQbdfhijklmnpstuvwzæaðŋɑɒɔəɛɜɡɪɹɾʃʊʌʒʤʧˈˌθᵊᵻʔɐː ")
    for accent in ("us", "gb"):
        sound = lexicon(accent).phones(word)  # type: ignore[arg-type]
        assert sound
        assert set(sound) <= known, sound


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=20))
def test_letters_give_at_most_one_main_stress(word: str) -> None:
    assert letter_sounds().phones(word).count("ˈ") <= 1


def test_letters_alone_get_most_plain_words_right() -> None:
    """A floor under the shipped rules: regular words they must know."""
    rules = letter_sounds()
    words = {"stamp": "stˈæmp", "thing": "θˈɪŋ", "lemon": "lˈɛmən", "market": "mˈɑɹkət", "master": "mˈæstəɹ"}
    assert {word: rules.phones(word) for word in words} == words
