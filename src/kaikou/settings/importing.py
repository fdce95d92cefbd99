"""The reference xiaozhi server's ``config.yaml`` as settings and an agent, with a report of the rest.

Nothing is dropped in silence: what has a counterpart becomes a setting, what needs none is said to,
and every other key that was given is named as not understood.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

Key = tuple[str, ...]
Level = Literal["taken", "not needed", "not understood"]
_PLACEHOLDER = re.compile(r"你的|您的|填写|(?<![a-z])your[-_ ]|xxxx|^<.*>$|^(?:none|null)$", re.IGNORECASE)
_SECRETS = frozenset({"api_key", "home_assistant_token", "search_key"})
_HOSTS = {
    "dashscope.aliyuncs.com": "dashscope",
    "api.deepseek.com": "deepseek",
    "openrouter.ai": "openrouter",
    "api.openai.com": "openai",
    "generativelanguage.googleapis.com": "gemini",
}
_MEMORY = {"nomem": "none", "mem_local_short": "summary", "mem0ai": "facts", "powermem": "facts"}
_MODULES = ("VAD", "ASR", "LLM", "VLLM", "TTS", "Memory", "Intent")


@dataclass(frozen=True, slots=True)
class Note:
    """What became of a key of the file."""

    key: str
    level: Level
    text: str


@dataclass(slots=True)
class Imported:
    """``settings`` and ``secrets`` by dotted name; ``agent``: the fields of one, if there is any."""

    settings: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    agent: dict[str, Any] | None = None
    notes: list[Note] = field(default_factory=list)


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with what ``over`` says, table by table, as the reference server reads its two files."""
    found = dict(base)
    for key, value in over.items():
        below = found.get(key)
        both = isinstance(value, Mapping) and isinstance(below, Mapping)
        found[key] = merged(below, value) if both else value  # type: ignore[arg-type]
    return found


def convert(tables: Mapping[str, Any]) -> Imported:
    """What a whole ``config.yaml`` means here."""
    return _Reading(tables).read()


class _Reading:
    def __init__(self, tables: Mapping[str, Any]) -> None:
        self._tables = tables
        self._seen: set[Key] = set()
        self._done = Imported()

    def read(self) -> Imported:
        if self._given("manager-api", "url"):
            self._note(
                "manager-api.url", "not understood", "Its settings are in the console, not in this file."
            )
        for path, name, change in _PLAIN:
            self._plain(path, name, change)
        self._server()
        self._plugins()
        self._models()
        self._agent()
        for path, why in _NEEDLESS.items():
            if self._value(*path.split(".")) is not None:
                self._note(path, "not needed", why)
        self._rest()
        return self._done

    # -- looking

    def _value(self, *path: str) -> Any:
        """The value there; its key counts as read."""
        found: Any = self._tables
        for name in path:
            if not isinstance(found, Mapping) or name not in found:
                return None
            found = found[name]
        self._seen.add(path)
        return found

    def _given(self, *path: str) -> Any:
        """The value, unless it is empty or what the file says to replace."""
        found = self._value(*path)
        if isinstance(found, str) and (not found.strip() or _PLACEHOLDER.search(found)):
            return None
        return found

    # -- saying

    def _set(self, source: str, name: str, value: Any) -> None:
        if name.rsplit(".", 1)[-1] in _SECRETS:
            self._done.secrets[name] = str(value)
            self._note(source, "taken", f"{name} (a secret)")
        else:
            self._done.settings[name] = value
            self._note(source, "taken", f"{name} = {value!r}")

    def _note(self, key: str, level: Level, text: str) -> None:
        self._done.notes.append(Note(key, level, text))

    # -- sections

    def _plain(self, path: str, name: str, change: Callable[[Any], Any]) -> None:
        given = self._given(*path.split("."))
        if given is None:
            return
        try:
            value = change(given)
        except (TypeError, ValueError):
            self._note(path, "not understood", f"{given!r} is no value for {name}.")
            return
        if value is not None:
            self._set(path, name, value)

    def _server(self) -> None:
        port, http = self._value("server", "port"), self._value("server", "http_port")
        if isinstance(http, int) and http != port:
            self._set("server.http_port", "xiaozhi.extra_ports", [http])
        tokens = self._value("server", "auth", "tokens")
        if tokens and self._value("server", "auth", "enabled"):
            text = "Devices are bound by a code of six digits and get a token of their own."
            self._note("server.auth.tokens", "not needed", text)

    def _plugins(self) -> None:
        news = self._value("plugins", "get_news_from_chinanews")
        if isinstance(news, Mapping):
            feeds = list(dict.fromkeys(str(url) for url in news.values() if str(url).startswith("http")))
            if feeds:
                self._set("plugins.get_news_from_chinanews", "tools.news_feeds", feeds)
        search = self._value("plugins", "web_search")
        if isinstance(search, Mapping):
            provider = str(search.get("provider") or "").lower()
            key = search.get("api_key") or search.get(f"{provider}_api_key")
            if provider in {"tavily", "metaso"} and isinstance(key, str) and not _PLACEHOLDER.search(key):
                self._set("plugins.web_search.provider", "tools.search_provider", provider)
                self._set("plugins.web_search.api_key", "tools.search_key", key)
            else:
                self._note("plugins.web_search", "not understood", "Only tavily and metaso, with a key.")

    def _models(self) -> None:
        for module, take in (
            ("LLM", self._llm),
            ("ASR", self._stt),
            ("TTS", self._tts),
            ("VLLM", self._vision),
        ):
            chosen = self._value("selected_module", module)
            preset = self._value(module, str(chosen)) if chosen else None
            if isinstance(preset, Mapping):
                self._seen.add((module,))
                take(f"{module}.{chosen}", str(preset.get("type", "")).lower(), preset)
            elif chosen:
                self._note(f"selected_module.{module}", "not understood", f"There is no {module}.{chosen}.")

    def _llm(self, key: str, kind: str, preset: Mapping[str, Any]) -> None:
        if kind in {"openai", "xinference", "ollama", "gemini"}:
            self._remote("llm", key, preset, kind)
            for name in ("temperature", "max_tokens"):
                if isinstance(preset.get(name), int | float):
                    self._set(f"{key}.{name}", f"llm.{name}", preset[name])
        else:
            self._note(key, "not understood", f"There is no engine for {kind!r}; the local model answers.")

    def _stt(self, key: str, kind: str, preset: Mapping[str, Any]) -> None:
        if kind == "openai":
            self._remote("stt", key, preset, kind)
        elif kind == "vosk":
            self._set(key, "stt.engine", "vosk")
            if preset.get("model_path"):
                self._set(f"{key}.model_path", "stt.vosk.model_path", preset["model_path"])
        elif kind in {"fun_local", "sherpa_onnx_local"}:
            self._note(key, "not needed", "Whisper recognises speech on this machine.")
        else:
            self._note(
                key, "not understood", f"There is no engine for {kind!r}; Whisper recognises speech here."
            )

    def _tts(self, key: str, kind: str, preset: Mapping[str, Any]) -> None:
        if kind == "openai":
            self._remote("tts", key, preset, kind)
            if preset.get("voice"):
                self._set(f"{key}.voice", "tts.voice", preset["voice"])
        else:
            text = (
                f"There is no engine for {kind!r}; Kokoro speaks on this machine. Choose a voice on the page."
            )
            self._note(key, "not understood", text)

    def _vision(self, key: str, kind: str, preset: Mapping[str, Any]) -> None:
        if kind == "openai":
            self._remote("vision", key, preset, kind)
        else:
            self._note(key, "not understood", f"There is no engine for {kind!r}.")

    def _remote(self, section: str, key: str, preset: Mapping[str, Any], kind: str) -> None:
        """An OpenAI-compatible server: a provider known by its address, or any other."""
        secret = preset.get("api_key")
        keyed = isinstance(secret, str) and bool(secret.strip()) and not _PLACEHOLDER.search(secret)
        address = str(preset.get("base_url") or preset.get("url") or preset.get("api_url") or "").rstrip("/")
        address = re.sub(r"/(audio/(speech|transcriptions)|chat/completions)$", "", address)
        engine = _HOSTS.get(
            urlsplit(address).hostname or "", kind if kind in {"ollama", "gemini"} else "openai"
        )
        own = engine == "openai" and "api.openai.com" not in address
        if (
            not keyed
            and engine != "ollama"
            and (not own or ("127.0.0.1" not in address and "localhost" not in address))
        ):
            self._note(key, "not understood", "It has no key yet; what is on this machine serves instead.")
            return
        self._set(key, f"{section}.engine", engine)
        if engine == "ollama" or kind == "xinference":
            address = address if address.endswith("/v1") or not address else f"{address}/v1"
        if address and (own or engine == "ollama"):
            self._set(f"{key}.base_url", f"{section}.base_url", address)
        if model := preset.get("model_name") or preset.get("model"):
            self._set(f"{key}.model_name", f"{section}.model", model)
        if keyed:
            self._set(f"{key}.api_key", f"{section}.api_key", secret)

    def _agent(self) -> None:
        prompt = self._value("prompt")
        memory = str(self._value("selected_module", "Memory") or "nomem")
        intent = str(self._value("selected_module", "Intent") or "")
        if not isinstance(prompt, str) or not prompt.strip():
            return
        agent: dict[str, Any] = {
            "name": "小智",
            "prompt": prompt.strip(),
            "memory": _MEMORY.get(memory, "none"),
        }
        self._note("prompt", "taken", f"an agent with a prompt of {len(prompt.strip())} characters")
        if "{{" in prompt:
            self._note("prompt", "not understood", "Its {{ placeholders }} are spoken of as they stand.")
        if memory not in _MEMORY:
            self._note("selected_module.Memory", "not understood", f"There is no memory {memory!r}.")
        if intent == "nointent":
            agent["tools"] = []
            self._note("selected_module.Intent", "taken", "the agent has no tools")
        elif intent:
            self._note("selected_module.Intent", "taken", "the agent has every tool that can be used")
        self._done.agent = agent

    def _rest(self) -> None:
        """Every leaf that nobody looked at; of models only those chosen count."""
        for path in _leaves(self._tables):
            if any(path[: len(seen)] == seen for seen in self._seen) or path[0] in _MODULES:
                continue
            if path[0] in _IGNORED or path[:2] in _IGNORED_BELOW:
                continue
            self._note(".".join(path), "not understood", "It has no counterpart.")


def _leaves(table: Mapping[str, Any], above: Key = ()) -> Iterator[Key]:
    for name, value in table.items():
        path = (*above, str(name))
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, path)
        else:
            yield path


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise ValueError("a list is needed")
    return [str(one) for one in value if str(one).strip()]


def _seconds(value: Any) -> float:
    return float(value)


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false is needed")
    return value


def _kept(value: Any) -> bool | None:
    """``delete_audio: false`` keeps recordings; true is the default here."""
    return None if _truth(value) else True


_PLAIN: tuple[tuple[str, str, Callable[[Any], Any]], ...] = (
    ("server.ip", "host", str),
    ("server.port", "port", int),
    ("server.websocket", "xiaozhi.websocket_url", str),
    ("server.timezone_offset", "xiaozhi.timezone_minutes", lambda hours: round(float(hours) * 60)),
    ("server.auth.allowed_devices", "xiaozhi.allowed_devices", _texts),
    ("log.log_level", "log_level", lambda level: str(level).lower()),
    ("close_connection_no_voice_time", "xiaozhi.idle_seconds", _seconds),
    ("exit_commands", "xiaozhi.exit_words", _texts),
    ("wakeup_words", "xiaozhi.wake_words", _texts),
    ("enable_greeting", "xiaozhi.wake_greeting", _truth),
    ("tts_timeout", "tts.timeout", _seconds),
    ("delete_audio", "live.store_audio", _kept),
    ("plugins.get_weather.default_location", "tools.home_place", str),
    ("plugins.home_assistant.base_url", "tools.home_assistant_url", str),
    ("plugins.home_assistant.api_key", "tools.home_assistant_token", str),
    ("plugins.play_music.music_dir", "tools.music_folder", str),
)
_NEEDLESS = {
    "server.vision_explain": "Devices are told the address they called.",
    "server.auth.enabled": "Devices are bound by a code and always need their token.",
    "enable_wakeup_words_response_cache": "The greeting's sound is always kept.",
    "plugins.get_weather.api_key": "The weather needs no key.",
    "plugins.get_weather.api_host": "The weather needs no key.",
    "plugins.home_assistant.devices": "Devices are found by their names in Home Assistant.",
    "plugins.play_music.music_ext": "Every kind of sound file is played.",
    "plugins.play_music.refresh_time": "The folder is read when a song is asked for.",
    "voiceprint": "Voices are told apart by Kaikou itself: enrol them on the page.",
    "selected_module.VAD": "Silero is used.",
}
_IGNORED = frozenset({"selected_module", "module_test", "xiaozhi", "manager-api"})
"""The hello's numbers and the like: what they say is told by the devices or found out."""
_IGNORED_BELOW = frozenset(
    {("log", "log_format"), ("log", "log_format_file"), ("log", "log_dir"), ("log", "log_file")}
)
