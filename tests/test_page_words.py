"""What the server names for the page stands there in Chinese as well."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
_TITLE = re.compile(r"""\btitle=("(?:[^"\\]|\\.)*")""")
_MEMORY = re.compile(r"""^    (?:title|description) = ("(?:[^"\\]|\\.)*")""", re.MULTILINE)


def named(folder: str, pattern: re.Pattern[str]) -> list[str]:
    files = sorted((ROOT / "src" / "kaikou" / folder).glob("*.py"))
    return [json.loads(text) for file in files for text in pattern.findall(file.read_text(encoding="utf-8"))]


TITLES = [*named("tools/builtin", _TITLE), *named("memory/builtin", _MEMORY)]


def test_names_are_found() -> None:
    assert {"Time", "Set a reminder", "Short summary"} <= set(TITLES)


@pytest.mark.parametrize("name", TITLES)
def test_a_built_in_name_has_a_chinese_one(name: str) -> None:
    words = (ROOT / "frontend" / "src" / "i18n" / "sentences.ts").read_text(encoding="utf-8")
    assert re.search(rf"""^  (?:"{re.escape(name)}"|{re.escape(name)}):""", words, re.MULTILINE)
