"""What people say to ask for a tool, in many ways: whoever says it in another is understood by meaning.

Unlike a tool's examples these hold no places; they are only compared as wholes. They lie in a file for each
language beside this one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files


def _read(language: str) -> dict[str, list[str]]:
    file = files("kaikou.tools.builtin") / f"sentences_{language}.toml"
    return tomllib.loads(file.read_text("utf-8"))


def _said() -> dict[str, tuple[str, ...]]:
    english, chinese = _read("english"), _read("chinese")
    return {name: (*said, *chinese.get(name, ())) for name, said in english.items()}


SAID: Mapping[str, tuple[str, ...]] = _said()
