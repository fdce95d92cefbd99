"""The house keeps its floors: a room imports only from floors below its own."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "kaikou"

FLOORS: dict[str, int] = {
    # floor 0, ground: errors lie under everything, settings under what reads and prints them
    "errors": -2,
    "audio": -1,
    "settings": -1,
    "logs": 0,
    "machine": 0,
    "reloading": 0,
    # floor 1, models and data
    "engines": 1,
    "store": 1,
    "documents": 1,
    # floor 2, services
    "agents": 2,
    "voices": 2,
    "knowledge": 2,
    "memory": 2,
    "speakers": 2,
    "tools": 2,
    "intent": 2,
    "devices": 2,
    "accounts": 2,
    "jobs": 2,
    # floor 3, conversation
    "dialogue": 3,
    # floor 4, studios
    "narration": 4,
    "examiner": 4,
    # floor 5, surfaces
    "api": 5,
    "cli": 5,
}
ROOT_ROOMS = {"server", "composing", "serving", "__main__"}
"""The composition root, and the process around it, know every floor; the terminal starts them."""


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported_rooms(source: str, path: Path) -> set[tuple[int, str]]:
    """(line, room) of every import of the package, also those inside functions."""
    package = ["kaikou", *path.relative_to(SOURCE).parts[:-1]]
    found: set[tuple[int, str]] = set()
    for node in ast.walk(ast.parse(source)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            names = [f"{module}.{alias.name}" if module == "kaikou" else module for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "kaikou" and len(parts) > 1:
                found.add((node.lineno, parts[1]))
    return found


def violations(source: str, path: Path) -> list[str]:
    room = room_of(path)
    if room in ROOT_ROOMS:
        return []
    if room not in FLOORS:
        return [f"{path}: the room {room!r} has no floor; add it to the table"]
    wrong = []
    for line, target in sorted(imported_rooms(source, path)):
        allowed = (
            target == room
            or FLOORS.get(target, 99) < FLOORS[room]
            or (room == "cli" and target in {"server", "serving"})
        )
        if not allowed:
            wrong.append(f"{path}:{line}: {room} imports {target}")
    return wrong


DIALOGUE = {
    # what a conversation is made of: values, and what its parts share
    **dict.fromkeys(
        ("effects", "events", "history", "items", "ports", "session", "tasks", "units", "waterfall"), 0
    ),
    "turns": 1,
    "hearing": 2,
    "speaking": 2,
    "tool_calls": 3,
    "thinking": 4,
    "turn_taking": 5,
    "conversation": 6,
    "sessions": 7,
}
"""The largest room has floors of its own."""


def inner_violations(source: str, path: Path) -> list[str]:
    part = path.relative_to(SOURCE / "dialogue").parts[0].removesuffix(".py")
    wrong = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("kaikou.dialogue"):
            continue
        inside = f"{node.module}.{node.names[0].name}".split(".")[2]
        same_values = part != inside and DIALOGUE[part] == DIALOGUE[inside] == 0
        if inside != part and not same_values and DIALOGUE[inside] >= DIALOGUE[part]:
            wrong.append(f"{path}:{node.lineno}: {part} imports {inside}")
    return wrong


FILES = sorted(path for path in SOURCE.rglob("*.py") if path != SOURCE / "__init__.py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_room_imports_only_from_floors_below(path: Path) -> None:
    assert violations(path.read_text("utf-8"), path) == []


@pytest.mark.parametrize(
    "path",
    sorted(path for path in (SOURCE / "dialogue").rglob("*.py") if path.name != "__init__.py"),
    ids=lambda path: str(path.relative_to(SOURCE)),
)
def test_the_parts_of_a_conversation_keep_their_order(path: Path) -> None:
    assert inner_violations(path.read_text("utf-8"), path) == []


def test_an_inner_violation_is_seen() -> None:
    path = SOURCE / "dialogue" / "hearing" / "listening.py"
    assert inner_violations("from kaikou.dialogue.speaking.reply import Reply", path)
    assert inner_violations("from kaikou.dialogue import conversation", path)
    assert not inner_violations("from kaikou.dialogue.turns import machine", path)


@pytest.mark.parametrize(
    ("place", "source"),
    [
        ("audio/pcm.py", "from kaikou.engines import ports"),
        ("engines/pool.py", "import kaikou.store.database"),
        ("dialogue/sessions/service.py", "def f():\n    from kaikou.api import app"),
        ("agents/service.py", "from ..dialogue import session"),
        ("api/app.py", "from kaikou import server"),
        ("attic/box.py", ""),
    ],
)
def test_the_check_sees_what_is_wrong(place: str, source: str) -> None:
    assert len(violations(source, SOURCE / place)) == 1


def engine_modules() -> set[str]:
    """The modules named by the packaged entry points, e.g. ``kaikou.engines.stt.whisper``."""
    project = tomllib.loads((SOURCE.parents[1] / "pyproject.toml").read_text("utf-8"))["project"]
    return {target.split(":")[0] for target in project["entry-points"]["kaikou.engines"].values()}


def test_engines_do_not_import_one_another() -> None:
    """What two engines share lies beside them, in a module that is no engine."""
    engines = engine_modules()
    wrong = []
    for path in (SOURCE / "engines").rglob("*.py"):
        me = ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__")
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module in engines and not me.startswith(node.module):
                wrong.append(f"{path}:{node.lineno}: {me} imports the engine {node.module}")
    assert wrong == []
