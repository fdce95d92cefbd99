"""The lengths of texts in units: a hanzi (or kana, hangul syllable), or a word of another script."""

from __future__ import annotations

import re

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
HANZI = re.compile(f"[{_CJK}]")
UNIT = re.compile(rf"[{_CJK}]|[^\s{_CJK}\W]+(?:['’.-]\w+)*")


def count_units(text: str) -> int:
    """Hanzi and words in ``text``."""
    return sum(1 for _ in UNIT.finditer(text))
