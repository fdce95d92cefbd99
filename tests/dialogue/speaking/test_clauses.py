"""Clauses: short first, growing, never in the middle of a number, nothing lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaikou.dialogue.speaking.clauses import ClauseSplitter
from kaikou.dialogue.units import count_units


def split(text: str, step: int = 3) -> list[str]:
    splitter = ClauseSplitter()
    clauses = [c for at in range(0, len(text), step) for c in splitter.feed(text[at : at + step])]
    return [clause.text for clause in [*clauses, *splitter.finish()]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Yes. It costs $3.50, at 10:30.", ["Yes.", "It costs $3.50, at 10:30."]),
        ("你好！今天天气很好，我们去散步吧。", ["你好！", "今天天气很好，", "我们去散步吧。"]),
        ("Really?! I did not know.", ["Really?!", "I did not know."]),
        ("Ask Mr. Smith now.", ["Ask Mr. Smith now."]),
        ('He said "go." Then left.', ['He said "go."', "Then left."]),
        ("…", []),
        ("", []),
    ],
)
def test_cuts(text: str, expected: list[str]) -> None:
    assert split(text) == expected


@pytest.mark.parametrize("text", ["Well, ", "Oh yes, ", "Sure! ", "Of course. ", "好的。", "没问题！"])
def test_the_first_clause_does_not_wait_for_what_follows_its_mark(text: str) -> None:
    clauses = ClauseSplitter().feed(text.rstrip())
    assert [clause.text for clause in clauses] == [text.rstrip()]


@pytest.mark.parametrize("text", ["It is 3.", "There are 1,", "At 10:", "Ask Dr.", "I like e.g.", "It was."])
def test_a_mark_that_may_stand_within_a_word_waits(text: str) -> None:
    splitter = ClauseSplitter()
    if text == "It was.":
        assert splitter.feed("Yes. So ")  # only the first clause is hurried
    assert splitter.feed(text) == []


def hurried(text: str) -> list[str]:
    splitter = ClauseSplitter()
    assert splitter.feed("Yes, ")
    clauses = [clause for word in text.split() for clause in splitter.feed(f" {word}", hurry=True)]
    return [clause.text for clause in [*clauses, *splitter.finish()]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("of course, and what else", ["of course,", "and what else"]),
        ("it was so. Then", ["it was so.", "Then"]),
        ("I feel the same way as you do", ["I feel the same way", "as you do"]),
        ("one two three four five six seven", ["one two three four five six", "seven"]),
        ("well, it is 3.", ["well, it is 3."]),
        ("今天 天气 很好 我们 去 散步 吧", ["今天 天气 很好 我们 去", "散步 吧"]),
    ],
)
def test_a_clause_in_a_hurry_ends_where_it_can(text: str, expected: list[str]) -> None:
    assert hurried(text) == expected


def test_a_mark_in_a_hurry_is_not_waited_behind() -> None:
    splitter = ClauseSplitter()
    assert splitter.feed("Yes, ")
    assert [clause.text for clause in splitter.feed("it was so.", hurry=True)] == ["it was so."]
    assert splitter.feed(" I like e.g.", hurry=True) == []


def test_the_first_clause_is_short_even_without_a_mark() -> None:
    words = "this goes on and on without any mark at all for a very long time indeed".split()
    first = split(" ".join(words))[0]
    assert count_units(first) <= 8


def test_the_first_clause_is_short_even_when_all_comes_at_once() -> None:
    text = "This whole sentence goes on and on for quite a while before it comes to its first mark."
    splitter = ClauseSplitter()
    clauses = [*splitter.feed(text), *splitter.finish()]
    counts = [count_units(clause.text) for clause in clauses]
    assert counts[0] <= 9 and counts[1] <= 13 and len(counts) == 3


def test_a_clause_is_no_longer_than_what_was_spoken_before_it() -> None:
    words = " ".join(["word"] * 150)
    counts = [count_units(clause) for clause in split(words)]
    for at, count in enumerate(counts[1:], 1):
        assert count <= min(36, max(9, sum(counts[:at])))
    assert max(counts) == 36


@given(st.text(alphabet='ab 。，,.!?中文字3:\n"”', max_size=120), st.integers(1, 9))
def test_nothing_is_lost_or_said_twice(text: str, step: int) -> None:
    splitter = ClauseSplitter()
    clauses = [c for at in range(0, len(text), step) for c in splitter.feed(text[at : at + step])]
    clauses += splitter.finish()
    for clause in clauses:
        assert text[clause.start : clause.end].strip() == clause.text
    ends = [0, *(clause.end for clause in clauses)]
    for end, clause in zip(ends, clauses, strict=False):
        assert clause.start >= end
        assert count_units(text[end : clause.start]) == 0, "only what says nothing is left out"
    assert count_units(text[ends[-1] :]) == 0
