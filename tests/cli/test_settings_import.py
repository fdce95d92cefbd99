"""The reference server's files, as people have them, taken over."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from kaikou.cli.main import main
from kaikou.settings.importing import Imported, convert, merged
from kaikou.settings.loading import load_settings
from kaikou.tools.shim.loading import settings_in

BASE = """
server:
  ip: 0.0.0.0
  port: 8000
  http_port: 8003
  websocket: ws://你的ip或者域名:端口号/xiaozhi/v1/
  vision_explain: http://你的ip或者域名:端口号/mcp/vision/explain
  timezone_offset: +8
  auth: {enabled: false, tokens: [{token: "your-token1", name: "your-device-name1"}]}
log: {log_level: INFO, log_dir: tmp}
delete_audio: true
close_connection_no_voice_time: 120
exit_commands: ["退出", "关闭"]
wakeup_words: ["你好小智", "小爱同学"]
enable_greeting: true
mcp_endpoint: 你的接入点 websocket地址
plugins:
  get_weather: {api_host: "example.invalid", api_key: "0123456789", default_location: "广州"}
  get_news_from_chinanews:
    default_rss_url: "https://news.invalid/a.xml"
    world_rss_url: "https://news.invalid/b.xml"
  home_assistant: {base_url: "http://homeassistant.local:8123", api_key: 你的home assistant api访问令牌}
  play_music: {music_dir: "./music", refresh_time: 300}
prompt: 你是小智，说话简短。
selected_module:
  {VAD: SileroVAD, ASR: FunASR, LLM: ChatGLMLLM, TTS: EdgeTTS, Memory: nomem, Intent: function_call}
LLM:
  ChatGLMLLM:
    {type: openai, model_name: glm-4-flash, url: https://open.bigmodel.cn/api/paas/v4/, api_key: 你的key}
  AliLLM:
    {type: openai, base_url: https://dashscope.aliyuncs.com/compatible-mode/v1, model_name: qwen-turbo}
ASR: {FunASR: {type: fun_local, model_dir: models/SenseVoiceSmall}}
TTS: {EdgeTTS: {type: edge, voice: zh-CN-XiaoxiaoNeural}}
"""
OVER = """
server: {websocket: "ws://192.168.1.9:8000/xiaozhi/v1/"}
close_connection_no_voice_time: 60
my_own_thing: {deep: 1}
selected_module: {LLM: AliLLM, Memory: mem_local_short}
LLM: {AliLLM: {api_key: "sk-it's-secret", temperature: 0.5}}
plugins: {home_assistant: {api_key: "ha-token"}}
"""


def read(*texts: str) -> Imported:
    tables: dict[str, Any] = {}
    for text in texts:
        tables = merged(tables, yaml.safe_load(text))
    return convert(tables)


def levels(found: Imported) -> dict[str, str]:
    return {note.key: note.level for note in found.notes}


def test_the_file_as_it_is_shipped_needs_no_key() -> None:
    found = read(BASE)
    assert found.secrets == {}
    assert found.settings["xiaozhi.extra_ports"] == [8003] and found.settings["host"] == "0.0.0.0"
    assert found.settings["xiaozhi.timezone_minutes"] == 480
    assert found.settings["xiaozhi.wake_words"] == ["你好小智", "小爱同学"]
    assert found.settings["tools.news_feeds"] == ["https://news.invalid/a.xml", "https://news.invalid/b.xml"]
    assert "xiaozhi.websocket_url" not in found.settings and "llm.engine" not in found.settings
    said = levels(found)
    assert said["LLM.ChatGLMLLM"] == said["TTS.EdgeTTS"] == "not understood"
    assert said["ASR.FunASR"] == "not needed"


def test_ones_own_file_is_read_over_it() -> None:
    found = read(BASE, OVER)
    assert found.settings["xiaozhi.websocket_url"] == "ws://192.168.1.9:8000/xiaozhi/v1/"
    assert found.settings["xiaozhi.idle_seconds"] == 60
    assert (found.settings["llm.engine"], found.settings["llm.model"]) == ("dashscope", "qwen-turbo")
    assert found.settings["llm.temperature"] == 0.5 and "llm.base_url" not in found.settings
    assert found.secrets == {"llm.api_key": "sk-it's-secret", "tools.home_assistant_token": "ha-token"}
    assert found.agent == {"name": "小智", "prompt": "你是小智，说话简短。", "memory": "summary"}
    assert levels(found)["my_own_thing.deep"] == "not understood"
    assert not any("sk-it" in note.text or "ha-token" in note.text for note in found.notes)


@pytest.mark.parametrize(
    "preset,engine,address",
    [
        (
            {"type": "ollama", "model_name": "q", "base_url": "http://10.0.0.2:11434"},
            "ollama",
            "http://10.0.0.2:11434/v1",
        ),
        (
            {"type": "openai", "url": "http://localhost:1234/v1", "api_key": "lm"},
            "openai",
            "http://localhost:1234/v1",
        ),
        ({"type": "xinference", "base_url": "http://localhost:9997"}, "openai", "http://localhost:9997/v1"),
        ({"type": "openai", "url": "https://api.deepseek.com", "api_key": "k"}, "deepseek", None),
        ({"type": "gemini", "api_key": "k"}, "gemini", None),
        ({"type": "openai", "url": "http://10.0.0.3:8000/v1"}, "openai", "http://10.0.0.3:8000/v1"),
        ({"type": "openai", "url": "http://models.example/v1"}, None, None),
        ({"type": "dify", "api_key": "k"}, None, None),
    ],
)
def test_language_models(preset: dict[str, Any], engine: str | None, address: str | None) -> None:
    found = convert({"selected_module": {"LLM": "Mine"}, "LLM": {"Mine": preset}})
    assert (found.settings.get("llm.engine"), found.settings.get("llm.base_url")) == (engine, address)
    assert (levels(found).get("LLM.Mine") == "not understood") == (engine is None)


def test_what_makes_no_sense_is_told() -> None:
    found = convert({"server": {"port": "eight"}, "exit_commands": "bye", "selected_module": {"LLM": "None"}})
    assert found.settings == {}
    assert set(levels(found)) == {"server.port", "exit_commands", "selected_module.LLM"}


def test_a_file_of_ones_own_alone_knows_what_the_server_ships() -> None:
    """In a container that is all people have."""
    own = """
selected_module: {LLM: DeepSeekLLM, TTS: EdgeTTS, Memory: mem_local_short}
LLM: {DeepSeekLLM: {api_key: sk-1}, DoubaoLLM: {api_key: sk-2}}
VLLM: {ChatGLMVLLM: {api_key: glm}}
server: {mqtt_gateway: "192.168.1.9:1884", mqtt_signature_key: s, udp_gateway: "192.168.1.9:8885"}
tool_call_timeout: 45
"""
    found = read(own)
    assert (found.settings["llm.engine"], found.settings["llm.model"]) == ("deepseek", "deepseek-chat")
    assert found.settings["vision.base_url"] == "https://open.bigmodel.cn/api/paas/v4"
    assert found.secrets == {"llm.api_key": "sk-1", "vision.api_key": "glm"}
    assert found.settings["xiaozhi.mqtt.enabled"] is True and found.settings["xiaozhi.mqtt.port"] == 1884
    assert found.settings["xiaozhi.mqtt.udp_port"] == 8885 and found.settings["tools.timeout"] == 45
    said = levels(found)
    assert said["LLM.DoubaoLLM"] == said["server.mqtt_signature_key"] == "not needed"
    assert said["selected_module.Memory"] == said["TTS.EdgeTTS"] == "not understood"


def test_what_stands_for_something_else_or_for_nothing_is_not_taken() -> None:
    found = read("""
server: {mqtt_gateway: null, auth: {allowed_devices: ["11:22:33:44:55:66"]}}
mcp_endpoint: 你的接入点 websocket地址
context_providers: [{url: "", headers: {Authorization: ""}}]
enable_stop_tts_notify: false
""")
    assert not found.settings and not found.notes
    kept = read('server: {auth: {allowed_devices: ["11:22:33:44:55:66", "aa:bb:cc:dd:ee:ff"]}}').settings
    assert kept == {"xiaozhi.allowed_devices": ["aa:bb:cc:dd:ee:ff"]}
    told = read("mcp_endpoint: ws://192.168.1.9:8004/mcp_endpoint/call/?token=t").notes
    assert [(note.key, note.level) for note in told] == [("mcp_endpoint", "not understood")]


@pytest.mark.parametrize("named", ["config.yaml", "data/.config.yaml"])
def test_either_of_the_two_files_may_be_named(
    named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "old" / "data").mkdir(parents=True)
    (tmp_path / "old" / "config.yaml").write_text(BASE, "utf-8")
    (tmp_path / "old" / "data" / ".config.yaml").write_text(OVER, "utf-8")
    (tmp_path / "new").mkdir()
    monkeypatch.chdir(tmp_path / "new")
    assert main(["settings", "import", f"../old/{named}", "--write"]) == 0
    settings = load_settings(tmp_path / "new", {}).settings
    assert settings.llm.engine == "dashscope" and settings.xiaozhi.idle_seconds == 60
    assert settings.tools.music_folder == tmp_path / "new" / ".." / "old" / "music"
    options = tmp_path / "new" / "data" / "plugins" / "settings.json"
    assert stat.S_IMODE(options.stat().st_mode) == 0o600
    assert settings_in(options.parent)["plugins"]["home_assistant"]["api_key"] == "ha-token"
    assert "LLM" not in settings_in(options.parent)


def test_the_command_writes_what_the_server_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "old"
    (source / "data").mkdir(parents=True)
    (source / "config.yaml").write_text(BASE, "utf-8")
    (source / "data" / ".config.yaml").write_text(OVER, "utf-8")
    new = tmp_path / "new"
    new.mkdir()
    monkeypatch.chdir(new)
    assert main(["settings", "import", str(source / "config.yaml")]) == 0
    assert not list(new.iterdir()) and "sk-it" not in capsys.readouterr().out
    assert main(["settings", "import", str(source / "config.yaml"), "--write"]) == 0
    assert stat.S_IMODE((new / ".env").stat().st_mode) == 0o600
    settings = load_settings(new, {}).settings
    assert settings.llm.api_key is not None and settings.llm.api_key.get_secret_value() == "sk-it's-secret"
    assert settings.xiaozhi.wake_words == ["你好小智", "小爱同学"] and settings.llm.engine == "dashscope"
    assert (new / "data" / "kaikou.db").exists()
    assert main(["settings", "import", str(source / "config.yaml"), "--write"]) != 0
    assert main(["settings", "import", str(source / "nothing.yaml")]) != 0
