"""English names of numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaikou.engines.tts.text import numbers

SMALL = {word: value for value, word in enumerate(numbers._SMALL)}
TENS = {word: value * 10 for value, word in enumerate(numbers._TENS) if word}
SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12, "quadrillion": 10**15}


def value_of(words: str) -> int:
    """Read number words back."""
    total = current = 0
    for word in words.split():
        if word in SCALES:
            total, current = total + current * SCALES[word], 0
        elif word == "hundred":
            current *= 100
        else:
            current += SMALL.get(word, 0) + TENS.get(word, 0)
    return total + current


@given(st.integers(0, numbers.LARGEST - 1))
def test_a_cardinal_reads_back_as_the_same_number(number: int) -> None:
    assert value_of(numbers.cardinal(number)) == number


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (numbers.ordinal(1), "first"),
        (numbers.ordinal(12), "twelfth"),
        (numbers.ordinal(21), "twenty first"),
        (numbers.ordinal(40), "fortieth"),
        (numbers.ordinal(113), "one hundred thirteenth"),
        (numbers.year(1984), "nineteen eighty four"),
        (numbers.year(1900), "nineteen hundred"),
        (numbers.year(1905), "nineteen oh five"),
        (numbers.year(2000), "two thousand"),
        (numbers.year(2007), "two thousand seven"),
        (numbers.year(2026), "twenty twenty six"),
        (numbers.number("1,250.05"), "one thousand two hundred fifty point zero five"),
        (numbers.number("007"), "zero zero seven"),
        (numbers.code("737"), "seven thirty seven"),
        (numbers.code("4090"), "forty ninety"),
        (numbers.code("15"), "fifteen"),
    ],
)
def test_how_numbers_are_said(said: str, expected: str) -> None:
    assert said == expected


@given(st.integers(1, 89))
def test_roman_numerals_have_one_spelling(value: int) -> None:
    assert numbers.roman(numbers._to_roman(value)) == value


@pytest.mark.parametrize("text", ["IIII", "VX", "IC", "", "ABC", "iv"])
def test_what_is_no_roman_numeral(text: str) -> None:
    assert numbers.roman(text) is None
