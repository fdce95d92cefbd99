"""What decides about tools by name: built in, a model of its own, the operator's files."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from memory.conftest import Model
from tools.callers import until

from kaikou.engines.ports import Card, Delta, Generation, Lane, LanguageModel, Message, Tool, ToolCall
from kaikou.errors import EngineFailed, SettingsError
from kaikou.intent.calling import FunctionCalling, NoTools
from kaikou.intent.modules import IntentModules
from kaikou.intent.ports import Decision, IntentModule
from kaikou.intent.router import Router
from kaikou.settings.services import ToolSettings
from kaikou.tools.threads import ToolThreads

CARD = Card("llm", "x", "X")
TIME = Tool("get_time", "Tell the time.", {"type": "object", "properties": {}})
SAID = [Message("system", "Be brief."), Message("user", "What time is it?")]

FILE = """
from kaikou.engines.ports import ToolCall
from kaikou.intent.ports import Decision

class Intent:
    async def decide(self, messages, tools, model):
        return Decision(calls=(ToolCall("1", tools[0].name, '{"by": "{word}"}'),))
"""

PROVIDER = """
from ..base import IntentProviderBase
from config.logger import setup_logging
from core.utils.cache.manager import CacheType, cache_manager
from core.utils.util import get_system_error_response
from plugins_func.functions.play_music import initialize_music_handler

log = setup_logging()


class IntentProvider(IntentProviderBase):
    async def detect_intent(self, conn, dialogue_history, text):
        names = [one["function"]["name"] for one in conn.func_handler.get_functions()]
        log.bind(tag="x").info(text)
        assert not initialize_music_handler(conn)["music_file_names"]
        assert conn.config["plugins"].get("home_assistant") is None
        assert cache_manager.get(CacheType.INTENT, conn.device_id + text + "x") is None
        assert get_system_error_response(self.config)
        conn.dialogue.dialogue = [one for one in conn.dialogue.dialogue if one.role != "tool"]
        assert conn.dialogue.dialogue[-1].content == text
        if "bored" in text:
            return '{"function_call": {"name": "continue_chat"}}'
        return self.llm.response_no_stream(" ".join(names), text)
"""


class Caller(Model):
    """Calls a tool, or waits."""

    calls: tuple[ToolCall, ...] = ()

    async def stream(self, messages, generation=Generation(), *, lane=Lane.LIVE):  # type: ignore[no-untyped-def,override]
        self.asked.append(messages)
        await self.open.wait()
        for call in self.calls:
            yield Delta(tool_call=call)
        yield Delta(text="none", finish="stop")


class Home:
    def __init__(self, folder: Path) -> None:
        self.model = Caller()
        settings = ToolSettings(intent_seconds=0.5)
        self.modules = IntentModules(folder / "intent", settings, ToolThreads(2), self._model)

    async def _model(self) -> LanguageModel:
        return self.model

    def write(self, name: str, text: str) -> Path:
        path = self.modules.watched.folder / name
        path.write_text(text)
        return path

    async def decided(self, name: str, model: LanguageModel | None = None) -> Decision:
        return await self.modules.choose(name, CARD).decide(SAID, [TIME], model or self.model)


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    made = Home(tmp_path)
    made.modules.start()
    await until(lambda: made.modules.watched.loaded)
    yield made
    await made.modules.close()


def loaded(home: Home, name: str) -> IntentModule | None:
    return home.modules.named(name)


async def test_the_built_in_ones_by_name(home: Home) -> None:
    weak = Card("llm", "x", "X", calls_tools=False)
    assert isinstance(home.modules.choose("auto", CARD), FunctionCalling)
    assert isinstance(home.modules.choose("auto", weak), Router)
    assert isinstance(home.modules.choose("none", CARD), NoTools)
    assert (await home.decided("function_calling")).offer == (TIME,)
    with pytest.raises(SettingsError):
        home.modules.choose("nobody", CARD)


async def test_a_model_of_its_own_decides_by_the_last_words(home: Home) -> None:
    call = ToolCall("1", "get_time", "{}")
    home.model.calls = (call,)
    assert await home.decided("model") == Decision(calls=(call,))
    assert [one.content for one in home.model.asked[0]][1:] == ["What time is it?"]
    home.model.calls = ()
    assert await home.decided("model") == Decision()


async def test_a_model_that_is_slow_decides_nothing(home: Home) -> None:
    home.model.open.clear()
    assert await home.decided("model") == Decision()


async def test_a_file_decides_and_its_new_version_at_once(home: Home) -> None:
    path = home.write("mine.py", FILE.replace("{word}", "one"))
    await until(lambda: loaded(home, "mine"))
    chosen = home.modules.choose("mine", CARD)
    assert not chosen.offers
    (call,) = (await chosen.decide(SAID, [TIME], home.model)).calls
    assert (call.name, call.arguments) == ("get_time", '{"by": "one"}')
    before = loaded(home, "mine")
    path.write_text(FILE.replace("{word}", "two"))
    await until(lambda: loaded(home, "mine") is not before)
    (call,) = (await chosen.decide(SAID, [TIME], home.model)).calls
    assert call.arguments == '{"by": "two"}'
    path.write_text("class Intent:\n    decide = 3\n")
    await until(lambda: home.modules.watched.errors)
    assert "no method `async def decide`" in home.modules.watched.errors[0]
    assert (await chosen.decide(SAID, [TIME], home.model)).calls
    path.unlink()
    await until(lambda: loaded(home, "mine") is None)
    assert await chosen.decide(SAID, [TIME], home.model) == Decision()


async def test_a_file_of_the_reference_server_runs_unchanged(home: Home) -> None:
    home.write("theirs.py", PROVIDER)
    await until(lambda: loaded(home, "theirs"))
    model = Model()
    model.answers = ['So: {"function_call": {"name": "get_time", "arguments": {"zone": "x"}}}']
    (call,) = (await home.decided("theirs", model)).calls
    assert (call.name, call.arguments) == ("get_time", '{"zone": "x"}')
    assert model.asked[0][0].content == "get_time"
    model.answers = ['{"function_call": {"name": "delete_everything", "arguments": {}}}', "Hello!"]
    assert (await home.decided("theirs", model)).calls == ()
    assert (await home.decided("theirs", model)).calls == ()
    model.answers = [EngineFailed("It broke.")]
    with pytest.raises(EngineFailed):
        await home.decided("theirs", model)
    bored = [Message("user", "I'm bored")]
    assert await home.modules.choose("theirs", CARD).decide(bored, [TIME], model) == Decision()


async def test_a_file_that_is_still_being_loaded_is_waited_for_by_nobody(tmp_path: Path) -> None:
    home = Home(tmp_path)
    chosen = home.modules.choose("mine", CARD)
    assert await chosen.decide(SAID, [TIME], home.model) == Decision()
    home.modules.watched.folder.mkdir()
    home.write("mine.py", FILE.replace("{word}", "one"))
    await home.modules.watched.load()
    assert (await chosen.decide(SAID, [TIME], home.model)).calls
