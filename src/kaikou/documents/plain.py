"""Plain text in whatever encoding."""

from __future__ import annotations

import codecs
import re

import charset_normalizer

from kaikou.documents.document import Document, Piece, assembled
from kaikou.documents.limits import check_characters, damaged
from kaikou.settings.services import DocumentLimits

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 65_536
"""Bytes an encoding is guessed from."""
_GUESSED = ["utf_16_le", "utf_16_be", "gb18030", "big5", "shift_jis", "euc_jp", "euc_kr", "cp1252", "cp1251"]
_CHAPTER = re.compile(
    r"(第[\d〇零一二三四五六七八九十百千两]{1,9}[章回节卷部集篇](?:[\s:：、．.].{0,40}|.{0,20})"
    r"|(?:chapter|part|book|act)\s+(?:\d{1,4}|[ivxlc]{1,7}|one|two|three|four|five|six|seven|eight|nine|ten)"
    r"(?:[\s.:—-].{0,60})?|序[章言]?|楔子|尾声|后记|引子|prologue|epilogue|preface)",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?。！？…；;，,]['\"”’」）)]*$")
_CJK = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]")


def decoded(data: bytes) -> str:
    """``data`` as text: by its byte order mark, as UTF-8, else by what its bytes look like. Line ends
    are ``\\n``. Raises InvalidInput ``document_damaged`` for what is no text."""
    text = _decoded(data).replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        raise damaged("it is not text")
    return text


def _decoded(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start > 1000 and b"\0" not in data[:_SAMPLE]:
            # UTF-8 with a few bytes damaged, or cut off in the middle of a character.
            head = data[: error.start].decode("utf-8", "replace")
            if any(ord(character) > 127 for character in head):
                return data.decode("utf-8", "replace")
    best = charset_normalizer.from_bytes(data[:_SAMPLE], cp_isolation=_GUESSED).best()
    if best is None:
        raise damaged("it is not text in any known encoding")
    return data.decode(best.encoding, "replace")


def read_plain(data: bytes, title: str, limits: DocumentLimits) -> Document:
    """Paragraphs are set apart by empty lines, or are lines where there are none; lines that were
    wrapped at a width are joined again. Chapter titles of novels become headings."""
    text = decoded(data)
    check_characters(len(text), limits)
    return assembled(title, "text", (_piece(part) for part in paragraphs(text)))


def paragraphs(text: str) -> list[str]:
    """The paragraphs of plain text."""
    parts = re.split(r"\n[ \t\u3000]*\n+", text)
    lines = [line for part in parts for line in part.split("\n") if line.strip()]
    if not lines:
        return []
    if len(parts) <= 1 + len(lines) // 40 or not _is_wrapped(lines):
        return [line.strip() for line in lines]
    found = []
    for part in parts:
        held: list[str] = []
        for line in part.split("\n"):
            if not line.strip():
                continue
            if _CHAPTER.fullmatch(line.strip()):
                found += [joined(held), line.strip()]
                held = []
            else:
                held.append(line.strip())
        found.append(joined(held))
    return [paragraph for paragraph in found if paragraph]


def joined(lines: list[str]) -> str:
    """Lines of one paragraph as one: no space between Chinese characters, words cut by a hyphen made
    whole."""
    text = ""
    for line in lines:
        if not text:
            text = line
        elif re.search(r"[A-Za-z]-$", text) and re.match(r"[a-z]", line):
            text = text[:-1] + line
        elif _CJK.match(text[-1]) and _CJK.match(line[0]):
            text += line
        else:
            text += " " + line
    return text


def _is_wrapped(lines: list[str]) -> bool:
    """Most lines are about as long as the longest usual one, and stop where no sentence does."""
    lengths = sorted(len(line) for line in lines)
    usual = lengths[int(len(lengths) * 0.9)]
    open_ended = sum(
        1 for line in lines if len(line) > usual * 0.6 and not _SENTENCE_END.search(line.strip())
    )
    return usual <= 120 and open_ended >= len(lines) * 0.25


def _piece(paragraph: str) -> Piece:
    if len(paragraph) <= 80 and _CHAPTER.fullmatch(paragraph):
        return Piece("heading", paragraph, level=1)
    return Piece("paragraph", paragraph)
