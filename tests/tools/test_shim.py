"""What plugins of the reference server import and find at ``conn``; each plugin here is this test's own."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tools.callers import FakeCaller, until

from kaikou.engines.ports import Message, Tool
from kaikou.errors import KaikouError
from kaikou.settings.services import ToolSettings
from kaikou.tools.plugins import PluginFolder
from kaikou.tools.ports import ChangePrompt, Leave, Outcome, PlayAudio
from kaikou.tools.shim import calling
from kaikou.tools.shim.connection import MOST_CONVERSATIONS
from kaikou.tools.threads import ToolThreads

HEAD = """
from plugins_func.register import Action, ActionResponse, ToolType, register_function

def described(name):
    return {"type": "function", "function": {"name": name, "description": "Own."}}

"""


@pytest.fixture
async def folder(tmp_path: Path) -> AsyncIterator[PluginFolder]:
    found = PluginFolder(tmp_path / "plugins", ToolSettings(load_timeout=20), ToolThreads(4))
    found.folder.mkdir()
    yield found
    await found.close()


async def loaded(folder: PluginFolder, name: str, code: str) -> None:
    (folder.folder / f"{name}.py").write_text(HEAD + code)
    await folder.load({name})
    assert not folder.status().error


async def answer(folder: PluginFolder, code: str, caller: FakeCaller | None = None, **given: Any) -> Outcome:
    """What a plugin with the body ``code`` answers; it may be several lines and use ``conn``."""
    body = "\n".join(f"    {line}" for line in code.strip().splitlines())
    start = "@register_function('own', described('own'), ToolType.SYSTEM_CTL)\n"
    await loaded(folder, "own", f"{start}def own(conn):\n{body}\n")
    return await folder.call("own", given, caller or FakeCaller())


@pytest.mark.parametrize(
    ("imported", "value", "is_"),
    [
        ("from core.utils.util import check_model_key as it", "it('m', '你的 key'), it('m', 'sk')", None),
        ("from core.utils.util import parse_string_to_list as it", "it('a; b;')", "['a', 'b']"),
        (
            "from core.utils.util import remove_punctuation_and_length as it",
            "it('你好， a!')",
            "(3, '你好a')",
        ),
        ("from core.utils.util import extract_json_from_string as it", "it('x {\"a\": 1} y')", '{"a": 1}'),
        ("from core.utils.util import is_private_ip as it", "it('10.0.0.1'), it('8.8.8.8')", "(True, False)"),
        ("from core.utils.util import get_ip_info as it", "it('8.8.8.8', conn.logger)", "{}"),
        ("from core.utils import util", "util.sanitize_tool_name('a b')", "a_b"),
        ("import core.utils.util", "core.utils.util.sanitize_tool_name('a b')", "a_b"),
        ("import core.utils.util as it", "it.sanitize_tool_name('a b')", "a_b"),
        ("from core.utils.textUtils import get_string_no_punctuation_or_emoji as it", "it('，好😀')", "好"),
        ("from core.utils.current_time import get_current_time_info as it", "len(it())", "4"),
        ("from core.connection import ConnectionHandler as it", "isinstance(conn, it)", "True"),
        ("from config.config_loader import load_config", "load_config()['plugins']['own']['key']", "k"),
        ("from config.settings import load_config", "load_config()['plugins']['own']['key']", "k"),
        ("from plugins_func import register", "register.Action is Action", "True"),
        ("from plugins_func.register import *", "Action.REQLLM.code", "3"),
        ("from plugins_func.register import all_function_registry as it", "it['own'].func is own", "True"),
        ("from plugins_func.register import module_func_map as it", "it", "{'own': ['own']}"),
        (
            "from plugins_func.register import FunctionRegistry as it",
            "it().register_function('own').name",
            "own",
        ),
        (
            "from plugins_func.register import device_type_registry as it",
            "it.generate_device_type_id({'name': 'l', 'properties': {'b': 1, 'a': 1}, 'methods': {'on': 1}})",
            "l:a,b:on",
        ),
    ],
)
async def test_what_may_be_imported(folder: PluginFolder, imported: str, value: str, is_: str | None) -> None:
    (folder.folder / "settings.json").write_text('{"own": {"key": "k"}}')
    await loaded(
        folder,
        "own",
        f"{imported}\n@register_function('own', described('own'), ToolType.SYSTEM_CTL)\n"
        f"def own(conn):\n    return {value}\n",
    )
    text = (await folder.call("own", {}, FakeCaller())).text
    if is_ is None:
        assert "m: the API key is not set" in text and text.endswith("None)")
    else:
        assert text == is_
    assert not {"core", "config", "plugins_func"} & {name.partition(".")[0] for name in sys.modules}


async def test_configurations_may_be_waited_for_and_files_are_read(folder: PluginFolder) -> None:
    code = """
from config.config_loader import get_project_dir, load_config, read_config
@register_function("own", described("own"), ToolType.WAIT)
async def own():
    config = await load_config()
    return f"{config['manager-api']['url']} {read_config(get_project_dir() + 'own.yaml')}"
"""
    (folder.folder / "settings.json").write_text('{"plugins": {}, "manager-api": {"url": "u"}}')
    (folder.folder.parent / "own.yaml").write_text("a: [1]")
    await loaded(folder, "own", code)
    assert await folder.call("own", {}, FakeCaller()) == Outcome("u {'a': [1]}")


async def test_a_cache_is_shared_by_plugins(folder: PluginFolder) -> None:
    head = "from core.utils.cache.manager import CacheType, cache_manager as c\n"
    await answer(
        folder, f"{head}c.set(CacheType.WEATHER, 'Oslo', 'rain')\nc.set(CacheType.LUNAR, 'x', 1, ttl=0)"
    )
    asks = "return c.get(CacheType.WEATHER, 'Oslo'), c.get(CacheType.LUNAR, 'x')"
    assert (await answer(folder, head + asks)).text == "('rain', None)"
    gone = "return c.invalidate_pattern(CacheType.WEATHER, 'Os'), c.get(CacheType.WEATHER, 'Oslo')"
    assert (await answer(folder, head + gone)).text == "(1, None)"


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("from core.handle.musicHandler import x", "core.handle.musicHandler has no counterpart in Kaikou"),
        ("from core.utils.util import audio_to_data", "core.utils.util.audio_to_data has no counterpart"),
        ("import plugins_func.loadplugins", "plugins_func.loadplugins has no counterpart"),
        ("from plugins_func.functions.gone import x", "there is no gone.py beside the plugin"),
        ("from plugins_func.functions import gone", "there is no gone.py beside the plugin"),
        ("import a_package_nobody_has", "the package a_package_nobody_has is not installed"),
    ],
)
async def test_what_is_missing_is_named_and_the_others_go_on(
    folder: PluginFolder, code: str, named: str
) -> None:
    assert (await answer(folder, "return 1")).text == "1"
    (folder.folder / "bad.py").write_text(f"import json\n{code}\n")
    await folder.load()
    error = folder.status().error
    assert error.startswith("bad: ") and named in error and error.endswith("(line 2)")
    assert (await folder.call("own", {}, FakeCaller())).text == "1"


@pytest.mark.parametrize(
    "name",
    [
        "conn.music_handler",
        "conn.websocket.recv",
        "conn.memory.role_id",
        "conn.tts.tts_audio_queue.get",
        "conn.tts.tts_text_queue.get",
    ],
)
async def test_what_conn_lacks_is_named(folder: PluginFolder, name: str) -> None:
    with pytest.raises(AttributeError, match=rf"{name} has no counterpart in Kaikou"):
        await answer(folder, f"return {name}")


async def test_conn_tells_of_the_conversation(folder: PluginFolder) -> None:
    caller = FakeCaller(
        device_id="aa:bb", speaker="Bo", heard=[Message("system", "Be kind."), Message("user", "Hi")]
    )
    told = """
import json
return json.dumps([conn.device_id, conn.headers, conn.session_id, conn.current_speaker, conn.client_ip,
    conn.prompt, conn.dialogue.get_llm_dialogue(), hasattr(conn, "incoming_call"),
    hasattr(conn, "music_handler"),
    conn.loop.is_running(), conn.intent_type, conn.close_after_chat])
"""
    heard = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}]
    assert json.loads((await answer(folder, told, caller)).text) == [
        "aa:bb",
        {"device-id": "aa:bb"},
        "conversation",
        "Bo",
        None,
        "Be kind.",
        heard,
        True,
        False,
        True,
        "function_call",
        False,
    ]


@pytest.mark.parametrize(
    "change",
    [
        "conn.change_system_prompt(conn.prompt + ' And brief.')",
        "conn.prompt += ' And brief.'\nconn.dialogue.update_system_message(conn.prompt)",
    ],
)
async def test_the_prompt_is_changed(folder: PluginFolder, change: str) -> None:
    caller = FakeCaller(heard=[Message("system", "Be kind.")])
    after = "\nreturn ActionResponse(Action.RESPONSE, conn.prompt, 'Done.')"
    prompt = "Be kind. And brief."
    outcome = await answer(folder, change + after, caller)
    assert outcome == Outcome(prompt, speak="Done.", effects=(ChangePrompt(prompt),))


async def test_what_is_left_at_conn_is_there_at_the_next_call_in_the_conversation(
    folder: PluginFolder,
) -> None:
    counts = """
from core.utils.dialogue import Message
conn.count = getattr(conn, "count", 0) + 1
conn.dialogue.put(Message(role="assistant", content=str(conn.count)))
return [conn.count, [one.content for one in conn.dialogue.dialogue]]
"""
    for said in ("[1, ['1']]", "[2, ['1', '2']]"):
        assert (await answer(folder, counts)).text == said
    for number in range(MOST_CONVERSATIONS):
        await folder.call("own", {}, FakeCaller(conversation_id=str(number)))
    assert (await folder.call("own", {}, FakeCaller())).text == "[1, ['1']]"


PLAYS = """
from core.handle.sendAudioHandle import send_stt_message
from core.providers.tts.dto.dto import ContentType, SentenceType, TTSMessageDTO
import asyncio

async def play(conn):
    await send_stt_message(conn, "Here it comes.")
    await asyncio.sleep(0.05)
    conn.tts.store_tts_text(conn.sentence_id, "Here it comes.")
    queue = conn.tts.tts_text_queue
    queue.put(TTSMessageDTO(conn.sentence_id, SentenceType.FIRST, ContentType.ACTION))
    queue.put(TTSMessageDTO(sentence_id=conn.sentence_id, sentence_type=SentenceType.MIDDLE,
                            content_type=ContentType.TEXT, content_detail="Here it comes."))
    conn.tts.tts_one_sentence(conn, ContentType.FILE, content_file="/music/a song.mp3")
    conn.close_after_chat = True

DONE = ActionResponse(Action.RECORD, "playing", "I play it.")
"""


@pytest.mark.parametrize(
    "started",
    [
        "async def own(conn):\n    await play(conn)\n    return DONE",
        "async def own(conn):\n    conn.loop.create_task(play(conn))\n    return DONE",
        "def own(conn):\n    conn.loop.create_task(play(conn))\n    return DONE",
        "def own(conn):\n    asyncio.run_coroutine_threadsafe(play(conn), conn.loop)\n    return DONE",
        "def own(conn):\n    conn.loop.create_task(play(conn)).result()\n    return DONE",
        "async def own(conn):\n    asyncio.run_coroutine_threadsafe(play(conn), conn.loop)\n    return DONE",
    ],
)
async def test_what_is_put_to_the_voice_is_spoken_and_played(folder: PluginFolder, started: str) -> None:
    caller = FakeCaller()
    await loaded(
        folder, "own", f"{PLAYS}\n@register_function('own', described('own'), ToolType.SYSTEM_CTL)\n{started}"
    )
    outcome = await folder.call("own", {}, caller)
    played = PlayAudio(Path("/music/a song.mp3"), "a song")
    assert outcome == Outcome("playing", speak="", effects=(played, Leave()))
    assert caller.said == ["Here it comes."]


OLDER = """
from core.utils import p3
def own(conn):
    conn.llm_finish_task = False
    conn.tts_first_text_index = 0
    conn.recode_first_last_text("Here it comes.", 0)
    words, _ = conn.tts.audio_to_opus_data(conn.tts.to_tts("Here it comes."))
    conn.audio_play_queue.put((words, "Here it comes.", 0))
    if file.endswith(".p3"):
        packets, _ = p3.decode_opus_from_file(file)
    else:
        packets, _ = conn.tts.audio_to_opus_data(file)
    conn.tts.tts_audio_queue.put((None, packets, None))
    conn.llm_finish_task = True
    return ActionResponse(Action.NONE, "playing", "")
"""


@pytest.mark.parametrize("file", ["/music/a song.mp3", "/music/a song.p3"])
async def test_sound_put_as_packets_is_played_from_its_file(folder: PluginFolder, file: str) -> None:
    caller = FakeCaller()
    start = "@register_function('own', described('own'), ToolType.SYSTEM_CTL)\n"
    await loaded(folder, "own", OLDER.replace("def own", f"file = {file!r}\n{start}def own"))
    outcome = await folder.call("own", {}, caller)
    assert outcome == Outcome("playing", speak="", effects=(PlayAudio(Path(file), "a song"),))
    assert caller.said == ["Here it comes."]
    with pytest.raises(TypeError, match="packets can't be played"):
        await answer(folder, "conn.audio_play_queue.put(([b'packet'], 'x', 0))")


async def test_sound_in_the_oldest_form_is_played(folder: PluginFolder) -> None:
    code = """
from core.providers.tts.dto.dto import MsgType, TTSMessageDTO
@register_function("own", described("own"), ToolType.SYSTEM_CTL)
def own(conn):
    packets, duration = conn.tts.audio_to_opus_data("/music/a song.mp3")
    for kind, content in ((MsgType.TTS_TEXT_RESPONSE, packets), (MsgType.STOP_TTS_RESPONSE, [])):
        conn.tts.tts_audio_queue.put(TTSMessageDTO(u_id=conn.u_id, msg_type=kind, content=content,
            tts_finish_text="", sentence_type=None, duration=0))
    conn.tts_queue.put((conn.executor.submit(conn.speak_and_play, None, "And another.", 0), 0))
    conn.tts_queue.put((conn.executor.submit(conn.speak_and_play, "/music/b.mp3", None, 1), 1))
"""
    caller = FakeCaller()
    await loaded(folder, "own", code)
    outcome = await folder.call("own", {}, caller)
    played = (PlayAudio(Path("/music/a song.mp3"), "a song"), PlayAudio(Path("/music/b.mp3"), "b"))
    assert outcome.effects == played and caller.said == ["And another."]


async def test_frames_go_to_the_device(folder: PluginFolder) -> None:
    code = """
import asyncio, json
async def light(conn, state):
    await conn.websocket.send(json.dumps({"type": "light", "state": state}))
@register_function("own", described("own"), ToolType.SYSTEM_CTL)
async def own(conn):
    await light(conn, "on")
    await conn.websocket.send_json({"type": "custom", "payload": 1})
@register_function("beside", described("beside"), ToolType.SYSTEM_CTL)
def beside(conn):
    if not conn.websocket or conn.websocket.closed:
        return "nobody"
    asyncio.run_coroutine_threadsafe(light(conn, "off"), conn.loop).result(10)
    asyncio.run_coroutine_threadsafe(conn.websocket.close(code=1000), conn.loop).result(10)
@register_function("sound", described("sound"), ToolType.SYSTEM_CTL)
async def sound(conn):
    await conn.websocket.send(b"packet")
@register_function("broken", described("broken"), ToolType.SYSTEM_CTL)
async def broken(conn):
    await conn.websocket.send("on")
"""
    await loaded(folder, "own", code)
    caller = FakeCaller(device_id="aa:bb")
    await folder.call("own", {}, caller)
    assert (await folder.call("beside", {}, caller)).effects == (Leave(),)
    assert caller.sent == [
        {"type": "light", "state": "on"},
        {"type": "custom", "payload": 1},
        {"type": "light", "state": "off"},
    ]
    with pytest.raises(TypeError, match=r"conn\.tts"):
        await folder.call("sound", {}, caller)
    with pytest.raises(ValueError, match="takes a JSON object"):
        await folder.call("broken", {}, caller)
    with pytest.raises(KaikouError, match="not a device's"):
        await folder.call("own", {}, FakeCaller())


async def test_memory_is_asked_from_wherever_a_plugin_runs(folder: PluginFolder) -> None:
    code = """
import asyncio
@register_function("own", described("own"), ToolType.SYSTEM_CTL)
async def own(conn):
    await conn.memory.save_memory(conn.dialogue.dialogue, conn.session_id)
    return await conn.memory.query_memory("birthday")
@register_function("beside", described("beside"), ToolType.SYSTEM_CTL)
def beside(conn):
    if not hasattr(conn, "memory") or conn.memory is None:
        return "off"
    return asyncio.run_coroutine_threadsafe(conn.memory.query_memory("owls"), conn.loop).result(10)
"""
    await loaded(folder, "own", code)
    caller = FakeCaller(remembered="Likes tea.")
    assert (await folder.call("own", {}, caller)).text == "Likes tea. birthday"
    assert (await folder.call("beside", {}, caller)).text == "Likes tea. owls"
    assert (await folder.call("beside", {}, FakeCaller())).text == "owls"


async def test_the_language_model_answers_a_plugin(folder: PluginFolder) -> None:
    caller = FakeCaller(heard=[Message("system", "Be kind.")])
    asks = """
first = conn.llm.response_no_stream(system_prompt="Tell a tale.", user_prompt="Of owls.", temperature=0.2)
spoken = [{"role": "user", "content": "On."}, {"role": "tool", "tool_call_id": "1", "content": "Done."}]
second = "".join(conn.llm.response(conn.session_id, spoken))
third = [text for text, _ in conn.llm.response_with_functions(conn.session_id, spoken, functions=[])]
conn.executor.submit(conn.chat, "And now?").result()
return [first, second, third]
"""
    assert (await answer(folder, asks, caller)).text == "['Answer 1.', 'Answer 2.', ['Answer 3.']]"
    assert caller.said == ["Answer 4."]
    assert [[(one.role, one.content) for one in asked] for asked in caller.asked] == [
        [("system", "Tell a tale."), ("user", "Of owls.")],
        *[[("user", "On."), ("user", "Done.")]] * 2,
        [("system", "Be kind."), ("user", "And now?")],
    ]


async def test_what_would_block_the_server_says_so(folder: PluginFolder) -> None:
    code = """
import asyncio
@register_function("own", described("own"), ToolType.SYSTEM_CTL)
async def own(conn):
    conn.there = await asyncio.to_thread(conn.llm.response_no_stream, "s", "u")
    return conn.llm.response_no_stream("s", "u")
"""
    await loaded(folder, "own", code)
    with pytest.raises(RuntimeError, match=r"conn\.llm blocks"):
        await folder.call("own", {}, FakeCaller())
    assert (await answer(folder, "return conn.there")).text == "Answer 1."


@pytest.mark.parametrize(
    "gave,read",
    [
        (Outcome("rain"), "REQLLM rain None"),
        (Outcome("rain", speak="It rains."), "RESPONSE rain It rains."),
        (Outcome("rain", speak=""), "NONE rain "),
        (Outcome("no net", failed=True), "ERROR no net no net"),
    ],
)
@pytest.mark.parametrize("plain", [True, False])
async def test_other_tools_are_called(folder: PluginFolder, gave: Outcome, read: str, plain: bool) -> None:
    caller = FakeCaller(
        others=[Tool("weather", "The weather.", {})], outcome=replace(gave, effects=(Leave(),))
    )
    call = """
call = {"name": "weather", "arguments": {"town": "Oslo"}}
assert conn.func_handler.has_tool("weather") and not conn.func_handler.has_tool("lunar")
assert conn.func_handler.current_support_functions() == ["weather"]
assert conn.func_handler.get_functions()[0]["function"]["description"] == "The weather."
"""
    told = 'f"{found.action.name} {found.result} {found.response}"'
    if plain:
        call += f"found = conn.func_handler.get_function('weather').func(town='Oslo')\nreturn {told}"
        outcome = await answer(folder, call, caller)
    else:
        call += f"found = await conn.func_handler.handle_llm_function_call(conn, call)\nreturn {told}"
        body = "\n".join(f"    {line}" for line in call.strip().splitlines())
        start = "@register_function('own', described('own'), ToolType.SYSTEM_CTL)\n"
        await loaded(folder, "own", f"{start}async def own(conn):\n{body}\n")
        outcome = await folder.call("own", {}, caller)
    assert (outcome.text, outcome.effects) == (read, (Leave(),))
    assert caller.said == ['weather {"town": "Oslo"}']


async def test_things_of_older_firmware_are_read_and_moved(folder: PluginFolder) -> None:
    code = """
from core.handle.iotHandle import get_iot_status, send_iot_conn
@register_function("own", described("own"), ToolType.IOT_CTL)
async def own(conn):
    before = await get_iot_status(conn, "Speaker", "volume")
    await send_iot_conn(conn, "Speaker", "SetVolume", {"volume": before + 10})
    return before
"""
    caller = FakeCaller(outcome=Outcome("40"))
    await loaded(folder, "own", code)
    assert (await folder.call("own", {}, caller)).text == "40"
    assert caller.said == ["get_Speaker_volume {}", 'Speaker_SetVolume {"volume": 50}']


async def test_what_a_plugin_started_and_that_fails_takes_nothing_with_it(
    folder: PluginFolder, caplog: pytest.LogCaptureFixture
) -> None:
    fails = """
async def fails():
    raise LookupError("no such song")
conn.loop.create_task(fails())
return "on it"
"""
    assert await answer(folder, fails) == Outcome("on it")
    assert "no such song" in caplog.text


async def test_what_takes_too_long_beside_a_call_comes_too_late_and_is_told(
    folder: PluginFolder, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calling, "AFTERWARDS_SECONDS", 0.01)
    late = """
import asyncio
async def later():
    await asyncio.sleep(0.2)
    conn.change_system_prompt("Later.")
conn.loop.create_task(later())
return "on it"
"""
    assert await answer(folder, late) == Outcome("on it")
    await until(lambda: "after its call had returned" in caplog.text)


async def test_loggers_take_what_loguru_takes(folder: PluginFolder, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "kaikou.plugins")
    logs = """
from config.logger import setup_logging
logger = setup_logging().bind(tag="own")
logger.success("{} of {}", 1, 2)
conn.logger.opt(exception=True).warning("plain {x}")
logger.error("{}", **{})
try:
    1 / 0
except ZeroDivisionError:
    logger.exception("went wrong %s", "here")
"""
    await answer(folder, logs)
    said = [record.getMessage() for record in caplog.records if record.name == "kaikou.plugins"]
    assert said == ["1 of 2", "plain {x}", "{}", "went wrong %s"]
    assert "ZeroDivisionError" in caplog.text


async def test_options_may_describe_a_function(folder: PluginFolder) -> None:
    (folder.folder / "settings.json").write_text('{"own": {"description": "As you like."}}')
    await answer(folder, "return 1")
    assert folder.specs(FakeCaller())[0].tool.description == "As you like."


async def test_a_folder_imports_files_beside_it_and_has_the_same_options(folder: PluginFolder) -> None:
    (folder.folder / "settings.json").write_text('{"own": {"key": "k"}}')
    (folder.folder / "helper.py").write_text("word = 'beside'")
    (folder.folder / "pack").mkdir()
    (folder.folder / "pack" / "inner.py").write_text("word = 'inner'")
    (folder.folder / "pack" / "__init__.py").write_text(
        f"{HEAD}from plugins_func.functions.helper import word\nfrom . import inner\n"
        "@register_function('own', described('own'), ToolType.SYSTEM_CTL)\n"
        "def own(conn):\n    return word, inner.word, conn.config['plugins']['own']['key']\n"
    )
    await folder.load()
    assert (await folder.call("own", {}, FakeCaller())).text == "('beside', 'inner', 'k')"


HELPER = "from config.logger import setup_logging\nword = 'first'\ncalls = []\n"
USER = """
from plugins_func.functions.helper import calls, word
from plugins_func.functions import helper
import plugins_func.functions.helper

@register_function("own", described("own"), ToolType.WAIT)
def own():
    calls.append(1)
    return f"{word} {len(helper.calls)} {plugins_func.functions.helper is helper}"
"""


async def test_a_file_beside_is_imported_and_its_change_reaches_the_plugin(folder: PluginFolder) -> None:
    (folder.folder / "helper.py").write_text(HELPER)
    (folder.folder / "uses.py").write_text(HEAD + USER)
    folder.start()

    async def says(text: str) -> bool:
        return (await folder.call("own", {}, FakeCaller())).text.startswith(text)

    await until(lambda: folder.specs(FakeCaller()))
    assert (await folder.call("own", {}, FakeCaller())).text == "first 1 True"
    (folder.folder / "helper.py").write_text(HELPER.replace("first", "second"))
    await until(partial(says, "second"))
    (folder.folder / "helper.py").unlink()
    await until(lambda: "there is no helper.py beside the plugin" in folder.status().error)
    assert await says("second")
    (folder.folder / "helper.py").write_text(HELPER.replace("first", "third"))
    await until(partial(says, "third"))
    assert folder.status().state == "ok"
    assert not [
        name for name in sys.modules if name.startswith("kaikou_plugins.uses.") and "helper" not in name
    ]
