from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaikou.engines.stt.whisper.text import in_script, tidy, without_loops


@pytest.mark.parametrize(
    ("text", "language", "wanted"),
    [
        ("  Hello,   world. ", "en", "Hello, world."),
        ("看看這個是什麼?", "zh", "看看这个是什么？"),
        ("看看这个是什么?", "zh-TW", "看看這個是什麼？"),
        ("软件的头发", "zh-HK", "軟件的頭髮"),
        ("乾淨的乾坤,頭髮發財!", "zh-CN", "干净的乾坤，头发发财！"),
        ("我用 Python 3.5, 你呢?", "zh", "我用 Python 3.5, 你呢？"),
        ("你 好 吗.", "zh", "你好吗。"),
        ("Is 3,000 enough?", "en", "Is 3,000 enough?"),
        ("日本語のテキスト?", "ja", "日本語のテキスト?"),
    ],
)
def test_text_as_people_write_it(text: str, language: str, wanted: str) -> None:
    assert tidy(text, language) == wanted


@pytest.mark.parametrize(
    ("text", "seconds", "wanted"),
    [
        ("你好你好你好你好你好你好你好你好你好你好你好你好", 2.0, "你好"),
        ("I don't know. I don't know. I don't know. I don't know. I don't know.", 1.5, "I don't know."),
        ("no no no no no", 2.0, "no no no no no"),
        ("哈哈哈哈哈", 1.0, "哈哈哈哈哈"),
        ("我许晨晨晨晨晨晨晨晨晨晨晨晨晨晨", 1.2, "我许晨"),
        ("", 0.0, ""),
    ],
)
def test_loops_go_and_repetitions_stay(text: str, seconds: float, wanted: str) -> None:
    assert without_loops(text, seconds) == wanted


@given(st.text(), st.floats(0, 60), st.sampled_from(["en", "zh", "zh-TW", "fr"]))
def test_any_text_survives(text: str, seconds: float, language: str) -> None:
    once = tidy(without_loops(text, seconds), language)
    assert len(without_loops(text, seconds)) <= len(text)
    assert "  " not in once


@given(st.text(st.characters(min_codepoint=1, max_codepoint=127)))
def test_only_chinese_changes_script(text: str) -> None:
    assert in_script(text, "zh-CN") == text == in_script(text, "zh-TW")
