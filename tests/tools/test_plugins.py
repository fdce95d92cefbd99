"""The plugin folder: loaded, loaded again, broken, repaired, removed – on a real file system."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from tools.callers import FakeCaller, until

from kaikou.settings.services import ToolSettings
from kaikou.tools.plugins import PluginFolder
from kaikou.tools.ports import Outcome
from kaikou.tools.threads import ToolThreads

GREET = '''
from kaikou.tools import tool

@tool
def greet(name: str) -> str:
    """Greet somebody."""
    return f"{word} {{name}}"
'''


def greeting(word: str) -> str:
    return GREET.replace("{word}", word).replace("{{name}}", "{name}")


@pytest.fixture
async def folder(tmp_path: Path) -> AsyncIterator[PluginFolder]:
    found = PluginFolder(tmp_path / "plugins", ToolSettings(load_timeout=20), ToolThreads(4))
    found.start()
    await until(lambda: found.status().state != "loading")
    yield found
    await found.close()


def names(folder: PluginFolder) -> list[str]:
    return [spec.tool.name for spec in folder.specs(FakeCaller())]


def path(folder: PluginFolder, name: str = "greet.py") -> Path:
    return folder.folder / name


async def says(folder: PluginFolder) -> str:
    return (await folder.call("greet", {"name": "Bo"}, FakeCaller())).text


async def gives(folder: PluginFolder, name: str, arguments: dict[str, str], outcome: Outcome) -> bool:
    return await folder.call(name, arguments, FakeCaller()) == outcome


async def test_a_saved_file_is_there_and_a_changed_one_is_new(folder: PluginFolder) -> None:
    assert (names(folder), folder.status().state) == ([], "ok")
    path(folder).write_text(greeting("Hello"))
    await until(lambda: names(folder) == ["greet"])
    assert await says(folder) == "Hello Bo"
    for word in ("Howdy", "Salut"):
        path(folder).write_text(greeting(word))
        await until(partial(gives, folder, "greet", {"name": "Bo"}, Outcome(f"{word} Bo")))
    assert folder.status().state == "ok"


async def test_a_broken_file_is_reported_and_the_last_good_version_stays(folder: PluginFolder) -> None:
    path(folder).write_text(greeting("Hello"))
    await until(lambda: names(folder) == ["greet"])
    path(folder).write_text("import json\n\njson.loads('nonsense')\n")
    await until(lambda: folder.status().state == "failed")
    assert folder.status().error.startswith("greet: JSONDecodeError: Expecting value")
    assert folder.status().error.endswith("(line 3)")
    assert await says(folder) == "Hello Bo"
    path(folder).write_text("def (:")
    await until(lambda: "SyntaxError" in folder.status().error)
    path(folder).write_text('word = "never ends\n')
    told = "greet: SyntaxError: unterminated string literal (line 1)"
    await until(lambda: folder.status().error == told)
    path(folder).write_text(greeting("Back"))
    await until(lambda: folder.status().state == "ok")
    assert await says(folder) == "Back Bo"


async def test_removal_drops_the_tools_and_the_module(folder: PluginFolder) -> None:
    path(folder).write_text(greeting("Hello"))
    await until(lambda: names(folder) == ["greet"])
    assert "kaikou_plugins.greet" in sys.modules
    path(folder).unlink()
    await until(lambda: names(folder) == [])
    assert "kaikou_plugins.greet" not in sys.modules


async def test_files_are_modules_of_their_own_and_folders_too(folder: PluginFolder) -> None:
    path(folder, "one.py").write_text(greeting("One") + "\nstate = 1\n")
    inner = path(folder, "two")
    inner.mkdir()
    (inner / "words.py").write_text("WORD = 'Deux'\n")
    (inner / "__init__.py").write_text(
        "from .words import WORD\nfrom kaikou.tools import tool\n"
        "@tool\ndef second() -> str:\n    'Say it.'\n    return WORD\n"
    )
    await until(lambda: names(folder) == ["greet", "second"])
    assert await folder.call("second", {}, FakeCaller()) == Outcome("Deux")
    (inner / "words.py").write_text("WORD = 'Zwei'\n")
    await until(partial(gives, folder, "second", {}, Outcome("Zwei")))
    assert sys.modules["kaikou_plugins.one"].state == 1


async def test_two_tools_of_one_name_are_reported(folder: PluginFolder) -> None:
    path(folder, "a.py").write_text(greeting("A"))
    path(folder, "b.py").write_text(greeting("B"))
    await until(lambda: "there is a tool greet already" in folder.status().error)
    assert await says(folder) == "A Bo"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
async def test_a_folder_that_anybody_may_write_to_is_not_run(tmp_path: Path) -> None:
    place = tmp_path / "plugins"
    place.mkdir()
    place.chmod(0o777)
    (place / "evil.py").write_text("raise SystemExit")
    found = PluginFolder(place, ToolSettings(), ToolThreads(2))
    await found.load()
    assert found.status().state == "failed"
    assert "may write" in found.status().error


async def test_a_file_that_never_ends_is_given_up(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text("import time\ntime.sleep(3)\n")
    (tmp_path / "greet.py").write_text(greeting("Hello"))
    found = PluginFolder(tmp_path, ToolSettings(load_timeout=0.5), ToolThreads(2))
    await found.load()
    assert "longer than 0.5 seconds" in found.status().error
    assert names(found) == ["greet"]


WEATHER = """
from config.logger import setup_logging
from plugins_func.register import register_function, ToolType, ActionResponse, Action

TAG = __name__
logger = setup_logging()

@register_function("get_rain", {
    "type": "function",
    "function": {"name": "get_rain", "description": "Will it rain?", "parameters": {
        "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}},
}, ToolType.SYSTEM_CTL)
def get_rain(conn, city: str):
    logger.bind(tag=TAG).info(f"asked about {city}")
    key = conn.config["plugins"]["get_rain"]["key"]
    conn.close_after_chat = city == "end"
    return ActionResponse(getattr(Action, key), "wet", "It rains.")

@register_function("plain", {"type": "function", "function": {"name": "plain", "description": "Plain."}},
                   ToolType.WAIT)
async def plain():
    from plugins_func.register import ActionResponse as Again
    return Again(action=Action.REQLLM, result="later", response=None)
"""


async def test_the_reference_servers_plugins_run_unchanged(folder: PluginFolder) -> None:
    path(folder, "settings.json").write_text('{"get_rain": {"key": "RESPONSE"}}')
    path(folder, "rain.py").write_text(WEATHER)
    await until(lambda: names(folder) == ["get_rain", "plain"])
    spec = folder.specs(FakeCaller())[0]
    assert (spec.tool.description, spec.tool.parameters["required"]) == ("Will it rain?", ["city"])
    rain = {"city": "Oslo"}
    assert await folder.call("get_rain", rain, FakeCaller()) == Outcome("wet", speak="It rains.")
    assert await folder.call("plain", {}, FakeCaller()) == Outcome("later")
    assert (await folder.call("get_rain", {"city": "end"}, FakeCaller())).effects
    assert "plugins_func" not in sys.modules and "plugins_func.register" not in sys.modules
    for action, outcome in {
        "NONE": Outcome("wet", speak=""),
        "RECORD": Outcome("wet", speak="It rains."),
        "REQLLM": Outcome("wet"),
        "ERROR": Outcome("wet", speak="It rains.", failed=True),
        "NOTFOUND": Outcome("wet", speak="It rains.", failed=True),
    }.items():
        path(folder, "settings.json").write_text(f'{{"get_rain": {{"key": "{action}"}}}}')
        await until(partial(gives, folder, "get_rain", rain, outcome))
