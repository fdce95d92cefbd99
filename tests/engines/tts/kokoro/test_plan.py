"""Texts as pieces of phonemes."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaikou.engines.tts.kokoro.plan import MOST_PHONEMES, plan

SENTENCES = [
    "Hello there, my friend.",
    "你好，世界。",
    "我用ChatGPT写了3封email。",
    "Really?",
    "It costs $24.99!",
    "好",
]


def words(text: str) -> list[str]:
    return [word.text for piece in plan(text, "us") for word in piece.words]


def test_one_piece_a_sentence_and_short_ones_together() -> None:
    assert len(plan("The weather is lovely today. We should go outside.", "us")) == 2
    assert len(plan("No. Why? The weather is lovely today.", "us")) == 2


def test_words_are_as_written() -> None:
    assert words("Pay $24.99 on March 15, 2024!") == ["Pay", "$24.99", "on", "March 15, 2024"]
    assert words("今天是2024年3月，买5只GPT-4。") == ["今天", "是", "2024年", "3月", "买", "5只", "GPT-4"]


def test_numbers_are_read_with_what_they_count() -> None:
    """只 counts animals with the first tone, and means "only" with the third."""
    assert plan("5只猫。", "us")[0].phonemes == "u↓ꭧɨ→ mau→."
    assert plan("五只猫。", "us")[0].phonemes == "u↓ꭧɨ→ mau→."
    assert "ꭧɨ→" not in plan("我只有十只能用的。", "us")[0].phonemes


@pytest.mark.parametrize(
    ("text", "phonemes"),
    [
        ("你好世界。", "ni↗xau↓ ʂɨ↘ʨje↘."),
        ("银行行长。", "i↗nxa↗ŋxa↗ŋꭧa↓ŋ."),
        ("Hello.", "həlˈO."),
    ],
)
def test_phonemes(text: str, phonemes: str) -> None:
    assert [piece.phonemes for piece in plan(text, "us")] == [phonemes]


@pytest.mark.parametrize("text", ["", "  ", "😀", "...!?", "**", "\n\n", "—"])
def test_nothing_to_say(text: str) -> None:
    assert plan(text, "us") == []


@settings(deadline=None, max_examples=50)
@given(st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=12).map(" ".join))
def test_spans_cover_the_text_and_words_their_phonemes(text: str) -> None:
    pieces = plan(text, "us")
    edges = [piece.span for piece in pieces]
    assert edges[0][0] == 0
    assert edges[-1][1] == len(text)
    assert all(before[1] == after[0] for before, after in itertools.pairwise(edges))
    for piece in pieces:
        assert 0 < len(piece.phonemes) <= MOST_PHONEMES + 2
        at = 0
        for word in piece.words:
            assert text[slice(*word.span)] == word.text
            assert at <= word.first < word.end <= len(piece.phonemes)
            at = word.end


@pytest.mark.parametrize(
    "text",
    [
        "word " * 400,
        "好" * 1200,
        "a, " * 900,
        "9" * 2000,
        "anticonstitutionally" * 60,
        ("The quick brown fox, which jumps over the dog, " * 30).strip(),
    ],
)
def test_long_texts_fit_the_model(text: str) -> None:
    pieces = plan(text, "us")
    assert len(pieces) > 1
    assert all(len(piece.phonemes) <= MOST_PHONEMES + 2 for piece in pieces)
