"""What people say when they ask for no tool: what a request is told from by its meaning.

Much of it is about what tools are about, as that is what is taken for a request.
"""

from __future__ import annotations

import tomllib
from importlib.resources import files


def _read() -> tuple[str, ...]:
    by_language = tomllib.loads((files("kaikou.intent") / "talk.toml").read_text("utf-8"))
    return (*by_language["english"], *by_language["chinese"])


TALK: tuple[str, ...] = _read()
