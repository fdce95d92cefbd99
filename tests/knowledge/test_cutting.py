"""How documents become passages: sentences, headings, bounds; and words."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaikou.documents.document import Piece, assembled
from kaikou.documents.reading import read
from kaikou.knowledge.cutting import passages, weight, windows
from kaikou.knowledge.sentences import sentences
from kaikou.knowledge.words import words_of
from kaikou.settings.services import DocumentLimits


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("他来了。她走了！“真的吗？”他问。", ["他来了。", "她走了！", "“真的吗？”", "他问。"]),
        (
            "Dr. Lin met J. Smith at 3.5 km. Then he left.",
            ["Dr. Lin met J. Smith at 3.5 km.", "Then he left."],
        ),
        ("用kettle.v2烧水。Version 2.0 is out.", ["用kettle.v2烧水。", "Version 2.0 is out."]),
        ("a line\nanother", ["a line", "another"]),
        ("  ", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in sentences(text)] == expected


def cut(markdown: str, size: int) -> list[tuple[tuple[str, ...], str]]:
    document = read(markdown.encode(), "a.md", DocumentLimits())
    return [(one.headings, document.text[one.start : one.end]) for one in passages(document, size)]


def test_a_passage_keeps_to_its_section_and_knows_the_headings_above() -> None:
    text = (
        "# Kettle\nIntro is here, long enough.\n## Care\n### Scale\nUse vinegar for it, once.\n"
        "## Warranty\nTwo years, from the day."
    )
    assert cut(text, 100) == [
        (("Kettle",), "Intro is here, long enough."),
        (("Kettle", "Care", "Scale"), "Use vinegar for it, once."),
        (("Kettle", "Warranty"), "Two years, from the day."),
    ]


def test_very_short_sections_of_one_parent_go_together() -> None:
    assert cut("# A\n## B\nOne.\n## C\nTwo.\n", 600) == [(("A", "B / C"), "One.\n\nC\n\nTwo.")]


def test_long_sections_are_cut_at_sentences_of_which_short_ones_are_said_again() -> None:
    text = " ".join(f"Sentence number {n} is about this long." for n in range(12))
    found = cut(text, 160)
    assert all(weight(one) <= 160 for _, one in found) and len(found) >= 4
    for (_, before), (_, after) in itertools.pairwise(found):
        assert before.split(". ")[-1].rstrip(".") == after.split(". ")[0].rstrip(".")


def test_chinese_counts_three_letters_and_a_long_sentence_is_cut_at_a_comma() -> None:
    sentence = "水壶要每月除垢，" * 30 + "否则会坏。"
    found = [one for _, one in cut(sentence, 240)]
    assert "".join(found) == sentence
    assert all(weight(one) <= 240 for one in found)
    assert all(one.endswith("，") for one in found[:-1])


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["heading", "paragraph", "item"]),
            st.text(alphabet="ab 。，.!\n水壶", min_size=1, max_size=300),
        ),
        max_size=12,
    ),
    st.integers(100, 400),
)
def test_every_sentence_is_in_some_passage_and_none_is_too_long(
    blocks: list[tuple[str, str]], size: int
) -> None:
    document = assembled("t", "text", [Piece(kind, text, 1) for kind, text in blocks])  # type: ignore[arg-type]
    found = passages(document, size)
    for one in found:
        assert 0 <= one.start < one.end <= len(document.text)
    covered = {at for one in found for at in range(one.start, one.end)}
    for block in document.blocks:
        if block.kind != "heading":
            text = document.of(block)
            assert all(
                at in covered or text[at - block.start].isspace() for at in range(block.start, block.end)
            )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Only one sentence stands here alone.", ["Only one sentence stands here alone."]),
        (
            "The first sentence is long enough. The second one is as well, surely. So is the third, I say.",
            [
                "The first sentence is long enough. The second one is as well, surely.",
                "The second one is as well, surely. So is the third, I say.",
            ],
        ),
        (
            "是的。第一句话说得相当长了。第二句话也很长。",
            ["是的。第一句话说得相当长了。第二句话也很长。"],
        ),
    ],
)
def test_windows_are_two_sentences(text: str, expected: list[str]) -> None:
    assert windows(text) == expected


def test_words_of_both_languages_are_folded_and_cut() -> None:
    assert words_of("The Kettles' price is 39 euros, batteries!") == [
        "kettle",
        "price",
        "39",
        "euro",
        "battery",
    ]
    assert words_of("水壶的除垢方法") == words_of("水壶除垢方法")
    assert "水壶" in words_of("这个水壶怎么除垢？") and "怎么" not in words_of("这个水壶怎么除垢？")
    assert words_of("ＡＢＣ café") == ["abc", "café"]
    assert words_of("?! …") == []
