"""The operator's own ways to remember: loaded, saved anew, broken, removed – on a real file system."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from memory.conftest import FakeTalk, Home
from tools.callers import until

from kaikou.errors import NotFound
from kaikou.memory.modules import Modules

ECHO = """
class Memory:
    title = "Last words"
    description = "{word}"

    def __init__(self, kit):
        self.kit = kit

    async def recall(self, whose, query):
        notes = await self.kit.notes(whose)
        return f"{word}: {notes[0].text}" if notes and not query else ""

    async def learn(self, whose, turns):
        await self.kit.add(whose, turns[-1].said)
"""

PROVIDER = """
from ..base import MemoryProviderBase, logger
from config.config_loader import get_project_dir
from config.logger import setup_logging
from config.manage_api_client import generate_and_save_chat_summary
from core.utils.util import check_model_key

TAG = __name__
log = setup_logging()


class MemoryProvider(MemoryProviderBase):
    def __init__(self, config, summary_memory):
        super().__init__(config)
        self.short_memory = summary_memory or ""
        self.file = get_project_dir() + "remembered.txt"

    def init_memory(self, role_id, llm, summary_memory=None, save_to_file=True):
        super().init_memory(role_id, llm)
        logger.bind(tag=TAG).info("ready")

    async def save_memory(self, msgs, session_id=None):
        said = [msg.content for msg in msgs if msg.role == "user"]
        assert check_model_key("model", getattr(self.llm, "api_key", None)) is None
        told = self.llm.response_no_stream("Shorten.", said[-1])
        with open(self.file, "w") as file:
            file.write(told)
        self.short_memory = f"{self.role_id} {session_id}: {told}"

    async def query_memory(self, query):
        return self.short_memory
"""


def write(home: Home, name: str, text: str) -> Path:
    path = home.room.modules.watched.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def descriptions(modules: Modules) -> dict[str, str]:
    return {one.name: one.description for one in modules.all() if not one.builtin}


async def test_a_file_is_a_way_to_remember_and_is_loaded_anew_when_saved(home: Home) -> None:
    modules = home.room.modules
    await until(lambda: modules.watched.loaded)
    path = write(home, "last.py", ECHO.replace("{word}", "one"))
    await until(lambda: descriptions(modules) == {"last": "one"})
    talk = FakeTalk(memory="last")
    await home.talk("I like tea.", talk=talk)
    await home.learned()
    assert "- one: I like tea." in await home.talk(talk=talk)
    path.write_text(ECHO.replace("{word}", "two"))
    await until(lambda: descriptions(modules) == {"last": "two"})
    assert "- two: I like tea." in await home.talk(talk=talk)

    path.write_text("class Memory:\n    recall = 3\n")
    await until(lambda: any(one.error for one in modules.all()))
    (broken,) = [one for one in modules.all() if one.error]
    assert "no method `async def recall`" in broken.error and broken.description == "two"
    assert "- two: I like tea." in await home.talk(talk=talk)
    path.unlink()
    await until(lambda: descriptions(modules) == {})
    with pytest.raises(NotFound):
        modules.get("last")
    assert await home.talk(talk=talk) == ""


async def test_one_that_cannot_be_made_says_why(home: Home) -> None:
    await until(lambda: home.room.modules.watched.loaded)
    text = ECHO.replace("{word}", "x").replace("self.kit = kit", "raise RuntimeError('no key')")
    write(home, "keyed.py", text)
    await until(lambda: any("no key" in one.error for one in home.room.modules.all()))


async def test_a_file_of_the_reference_server_runs_unchanged(home: Home) -> None:
    await until(lambda: home.room.modules.watched.loaded)
    write(home, "mem_short.py", PROVIDER)
    await until(lambda: "mem_short" in descriptions(home.room.modules))
    talk = FakeTalk(memory="mem_short")
    home.model.answers = ["Likes tea."]
    await home.talk("I like tea.", talk=talk)
    await home.learned()
    await home.room.opening(talk)
    assert "mei:browser conv_1: Likes tea." in await home.room.enrich(talk, "Hm?", None)
    assert (home.room.modules.watched.folder.parent / "remembered.txt").read_text() == "Likes tea."


async def test_a_file_named_none_changes_nothing(home: Home) -> None:
    await until(lambda: home.room.modules.watched.loaded)
    write(home, "none.py", ECHO.replace("{word}", "x"))
    write(home, "other.py", ECHO.replace("{word}", "x"))
    await until(lambda: "other" in descriptions(home.room.modules))
    assert next(one for one in home.room.modules.all() if one.name == "none").builtin


async def test_the_example_in_the_docs_is_a_module(home: Home) -> None:
    page = (Path(__file__).parents[2] / "docs" / "memory.md").read_text("utf-8")
    code = page.split("```python\n")[1].split("```")[0]
    await until(lambda: home.room.modules.watched.loaded)
    write(home, "written.py", code)
    await until(lambda: "written" in descriptions(home.room.modules))
    home.model.answers = [json.dumps({"facts": []})]
    talk = FakeTalk(memory="written")
    await home.talk("I like tea.", talk=talk)
    await home.learned()
    assert "I like tea." in await home.talk(talk=talk)
