"""Texts as spoken words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaikou.engines.tts.text.clean import clean
from kaikou.engines.tts.text.words import is_chinese, sentences, spoken_words


def said(text: str, language: str | None = None) -> str:
    result = ""
    for word in spoken_words(text, language):
        result += word.text if word.language == "mark" else f" {word.text}"
    return result.strip()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I paid $24.99.", "I paid twenty four dollars and ninety nine cents."),
        ("It costs $1 or £3.2 billion.", "It costs one dollar or three point two billion pounds."),
        ("Born March 15, 2024.", "Born March fifteenth, twenty twenty four."),
        (
            "Due 2024-03-05, not 3/6/2024.",
            "Due March fifth, twenty twenty four, not March sixth, twenty twenty four.",
        ),
        ("On 4 July 1776", "On the fourth of July, seventeen seventy six"),
        ("At 3:45 p.m. sharp", "At three forty five P M sharp"),
        ("It is 10:00.", "It is ten o'clock."),
        ("Meet at 5pm.", "Meet at five P M."),
        ("It was -5°C.", "It was minus five degrees Celsius."),
        ("A 5 kg bag, 1 km away", "A five kilograms bag, one kilometer away"),
        ("12.5% of 1,250", "twelve point five percent of one thousand two hundred fifty"),
        ("The 1990s and the 21st century", "The nineteen nineties and the twenty first century"),
        ("He ate 3/4 of it.", "He ate three quarters of it."),
        ("Call 555-123-4567.", "Call five five five, one two three, four five six seven."),
        ("Pages 10-20", "Pages ten to twenty"),
        ("I have 5 in stock, 3 in the box.", "I have five in stock, three in the box."),
        ("It is 5in wide, 6 in.", "It is five inches wide, six inches."),
        ("A walk of 5-10 km", "A walk of five to ten kilometers"),
        ("10-4=6", "ten minus four equals six"),
        ("Bye~", "Bye."),
        ("It's ~100 m away", "It's about one hundred meters away"),
        ("v2.0.1 of C# and Qwen2.5", "version two point zero point one of C sharp and Qwen two point five"),
        ("好的～我知道了～", "好的, 我知道了."),
        ("嗯～！周一～周五", "嗯! 周一 到 周五"),
        ("约~100人", "约 一百 人"),
        ("¥99.9元，3:2获胜", "九十九点九元, 三比二 获胜"),
        ("我用C#和Qwen2.5，算10-4=6", "我用 C sharp 和 Qwen 二点五, 算 十 减 四 等于 六"),
        ("Dr. Smith lives on Main St.", "doctor Smith lives on Main street"),
        ("Henry VIII and Chapter IV", "Henry the eighth and Chapter four"),
        ("I am here.", "I am here."),
        ("See https://www.example.com/docs?x=1 now", "See example dot com slash docs now"),
        ("Mail me: jo@example.org", "Mail me: jo at example dot org"),
        ("Cats & dogs", "Cats and dogs"),
        ("Version 1.2.3", "Version one point two point three"),
        ("The U.S. and the E.U.", "The U S and the E U."),
        ("No. 5", "number five"),
    ],
)
def test_english(text: str, expected: str) -> None:
    assert said(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024年3月15日14:30见。", "二零二四 年 三 月 十五 日 十四点半 见."),
        ("涨了12.5%", "涨了 百分之十二点五"),
        ("￥299.5一件", "二百九十九点五元 一件"),
        ("气温-5°C", "气温 零下五度"),
        ("电话13812345678", "电话 幺三八幺二三四五六七八"),
        ("2只猫", "两 只猫"),
        ("长3.6km", "长 三点六公里"),
        ("有1/3的人", "有 三分之一 的人"),
        ("早上8:05出发", "早上 八点零五分 出发"),
        ("5-10个人", "五到十 个人"),
        ("我用iPhone 15和GPT-4写MP3", "我用 iPhone 十五 和 GPT-4 写 MP3"),
        ("去www.example.com看", "去 example dot com 看"),
    ],
)
def test_mandarin(text: str, expected: str) -> None:
    assert said(text) == expected


def test_digits_alone_follow_the_language() -> None:
    assert said("42", "zh-CN") == "四十二"
    assert said("42", "en") == "forty two"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**Hello**, _dear_ `world`", "Hello, dear world"),
        ("# Title\n- one\n- two", "Title. one. two"),
        ("[a link](https://example.com) here", "a link here"),
        ("Nice 😀👍🏽 work ❤️!", "Nice work!"),
        ("```python\nx\n```", "x."),
        ("<b>bold</b>", "bold"),
        ("snake_case stays", "snake case stays"),
        ("Ｈｉ　ＡＢＣ", "Hi ABC"),
        ("“Quoted” — said", "Quoted— said"),
        ("Wait... what?!", "Wait. what?"),
        ("😀 … !!", ""),
        ("", ""),
    ],
)
def test_what_is_seen_is_not_said(text: str, expected: str) -> None:
    words = spoken_words(text)
    assert said(text) == expected or not any(word.language != "mark" for word in words)


@given(st.text(max_size=300))
def test_cleaning_keeps_the_length(text: str) -> None:
    assert len(clean(text)) == len(text)


@given(
    st.text(alphabet=st.sampled_from("abZ 09.,:%$-/年月日点三只你好，。！？\n*_[]()😀'’&#°C"), max_size=80)
)
def test_words_lie_in_order_inside_the_text(text: str) -> None:
    at = 0
    for word in spoken_words(text):
        assert at <= word.start < word.end <= len(text)
        assert word.text.strip()
        at = word.end


@given(st.lists(st.sampled_from(["Hello there.", "你好。", "Really?", "No", "5 kg!", "\n"]), max_size=8))
def test_sentences_hold_every_word_once(parts: list[str]) -> None:
    words = spoken_words(" ".join(parts))
    kept = [word for sentence in sentences(words) for word in sentence if word.language != "mark"]
    assert kept == [word for word in words if word.language != "mark"]


def test_is_chinese() -> None:
    assert is_chinese("abc 你")
    assert not is_chinese("こんにちは abc 123")
