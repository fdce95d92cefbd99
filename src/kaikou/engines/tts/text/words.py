"""Cut a text into spoken words and pauses, each with its place in the text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from kaikou.engines.tts.text import chinese, english
from kaikou.engines.tts.text.clean import clean
from kaikou.engines.tts.text.rules import first_match

Speech = Literal["zh", "en", "mark"]

SENTENCE_ENDS = ".!?…"

_HANZI = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff〇"
_SENTENCE = re.compile(r".*?(?:(?:[。！？]|[!?](?![^\s\"')\]]))+[”’』」）)\"']*|\n|\Z)", re.DOTALL)
_LETTER = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f"
_LATIN = re.compile(rf"[{_LETTER}]+(?:['.&][{_LETTER}]+)*(?:'(?![{_LETTER}]))?")
_LATIN_NUMBER = re.compile(r"(?:[A-Za-z]+-?\d+[A-Za-z]*|\d+[A-Za-z]{1,3}\d*)(?![A-Za-z0-9]|\.\d)")
_HANZI_RUN = re.compile(f"[{_HANZI}]+")
_INITIALS = re.compile(r"(?:[A-Za-z]\.){2,}|[A-Z]\.(?=\s+[A-Z][a-z])")
_HAS_HANZI = re.compile(f"[{_HANZI}]")
_DIGIT_OR_SYMBOL = re.compile(r"[^\w\s]|\d")
_MARKS = {
    ",": ",", "，": ",", "、": ",", ".": ".", "。": ".", "．": ".", "!": "!", "！": "!", "?": "?", "？": "?",
    ":": ":", "：": ":", ";": ";", "；": ";", "—": "—", "…": "…", "(": "(", "（": "(",
    ")": ")", "）": ")", "\n": ".",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Spoken:
    """Something to say, or a pause.

    ``text`` how it is said: Latin words, hanzi, or one punctuation mark. ``start`` and ``end`` say
    where it is written in the original. ``language`` is ``mark`` for punctuation.
    """

    text: str
    start: int
    end: int
    language: Speech


def is_chinese(text: str) -> bool:
    """Holds at least one hanzi."""
    return _HAS_HANZI.search(text) is not None


def spoken_words(text: str, language: str | None = None) -> list[Spoken]:
    """The words and pauses of ``text`` in order.

    A sentence with hanzi reads its numbers in Mandarin, others in English; one of digits alone follows
    ``language``. Nothing to say gives an empty list, or marks alone.
    """
    plain = clean(text)
    words: list[Spoken] = []
    mandarin_text = is_chinese(plain) or (language or "").lower().startswith("zh")
    for sentence in _SENTENCE.finditer(plain):
        start, end = sentence.span()
        if start == end:
            continue
        written = sentence.group()
        mandarin = is_chinese(written) or (mandarin_text and not re.search("[A-Za-z]", written))
        _sentence(plain, start, end, mandarin, words)
    return words


def sentences(words: Sequence[Spoken]) -> Iterator[list[Spoken]]:
    """``words`` cut after each mark that ends a sentence; stretches without a word are left out."""
    current: list[Spoken] = []
    for word in [*words, None]:
        if word is not None:
            current.append(word)
        if (word is None or (word.language == "mark" and word.text in SENTENCE_ENDS)) and current:
            if any(item.language != "mark" for item in current):
                yield current
            current = []


def _sentence(text: str, at: int, end: int, mandarin: bool, words: list[Spoken]) -> None:
    while at < end:
        char = text[at]
        if char.isspace() and char != "\n":
            at += 1
            continue
        found = _word(text, at, end, mandarin)
        if found is None:
            _mark(text, at, words)
            at += 1
            continue
        spoken, stop, language = found
        _add(words, spoken, at, stop, language)
        at = stop


def _word(text: str, at: int, end: int, mandarin: bool) -> tuple[str, int, Speech] | None:
    if run := _HANZI_RUN.match(text, at, end):
        return run.group(), run.end(), "zh"
    previous = text[at - 1] if at else " "
    if mandarin:
        if named := _LATIN_NUMBER.match(text, at, end):
            rule = first_match(chinese.RULES, text, at, end) if text[at].isdigit() else None
            if rule is None or rule[1] < named.end():
                return named.group(), named.end(), "en"
        # Addresses are read as English ones in any sentence.
        if (
            text[at].isascii()
            and text[at].isalpha()
            and (said := first_match(english.ANYWHERE, text, at, end))
        ):
            return said[0], said[1], "en"
        if _DIGIT_OR_SYMBOL.match(text, at) and (said := first_match(chinese.RULES, text, at, end)):
            return said[0], said[1], "zh"
    elif not previous.isalnum() or not text[at].isalnum() or (previous.isalpha() and text[at].isdecimal()):
        if initials := _INITIALS.match(text, at, end):
            return _letters(initials, text, end)
        if said := first_match(english.RULES, text, at, end):
            return said[0], said[1], "en"
    for pattern in (_LATIN_NUMBER, _LATIN):
        if latin := pattern.match(text, at, end):
            return latin.group(), latin.end(), "en"
    if text[at].isdecimal():
        run_end = at
        while run_end < end and text[run_end].isdecimal():
            run_end += 1
        return text[at:run_end], run_end, "en"
    return None


def _letters(match: re.Match[str], text: str, end: int) -> tuple[str, int, Speech] | None:
    written = match.group()
    known = {"e.g.": "for example", "i.e.": "that is"}.get(written.lower())
    spoken = known or " ".join(written.replace(".", "").upper())
    stop = match.end()
    # The dot of "5 p.m." at the end of a sentence also ends the sentence.
    return spoken, stop - 1 if len(written) > 2 and not text[stop:end].strip() else stop, "en"


def _mark(text: str, at: int, words: list[Spoken]) -> None:
    char = text[at]
    mark = _MARKS.get(char)
    if char in "-–" and (at == 0 or text[at - 1].isspace() or text[at - 1 : at + 2] == "--"):
        mark = "—"
    if char in "~～":
        rest = text[at:].lstrip(" ~～")
        mark = "." if not rest else None if rest[0] in _MARKS else ","
    if char == "/":
        return
    if mark is None:
        return
    last = words[-1] if words else None
    if last is None or (last.language == "mark" and (last.text in ".!?…—" or mark in ",.…—")):
        # No pause before the first word, and one pause for several marks; a line that ended already
        # is not ended again. The stronger mark stays.
        if last is not None and mark in ".!?" and last.text in ",:;—":
            words[-1] = Spoken(mark, last.start, at + 1, "mark")
        elif last is None and mark == "(":
            words.append(Spoken(mark, at, at + 1, "mark"))
        return
    words.append(Spoken(mark, at, at + 1, "mark"))


def _add(words: list[Spoken], spoken: str, start: int, end: int, language: Speech) -> None:
    """One entry a word, except that all words of one written thing stay together."""
    if spoken.strip():
        words.append(Spoken(spoken, start, end, language))
