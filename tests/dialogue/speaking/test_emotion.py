from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kaikou.dialogue.speaking.emotion import EMOTIONS, EmotionFilter


def filtered(text: str, step: int) -> tuple[str, str | None]:
    one = EmotionFilter()
    out = "".join(one.feed(text[at : at + step]) for at in range(0, len(text), step)) + one.finish()
    return out, one.emotion.name if one.emotion else None


@given(st.sampled_from(sorted(EMOTIONS)), st.integers(1, 12))
def test_a_tag_is_taken_out_however_it_is_cut(name: str, step: int) -> None:
    assert filtered(f"[{name}] Hello.", step) == ("Hello.", name)


@given(st.integers(1, 5))
def test_other_brackets_stay(step: int) -> None:
    assert filtered("See [1] and [the appendix", step) == ("See [1] and [the appendix", None)


def test_an_emoji_is_an_emotion_too() -> None:
    assert filtered("Oh no 😢 really", 4) == ("Oh no  really", "sad")


def test_the_21_names() -> None:
    assert len(EMOTIONS) == 21
