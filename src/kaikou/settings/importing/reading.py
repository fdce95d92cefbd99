"""Nothing is dropped in silence: what has a counterpart becomes a setting, what needs none is said to, and
every other key that says something is named as not understood."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from kaikou.settings.importing.keys import HINTS, IGNORED, IGNORED_BELOW, NEEDLESS, NOT_FOR_PLUGINS, PLAIN
from kaikou.settings.importing.models import CHOSEN, Model, model_of
from kaikou.settings.importing.values import is_placeholder, says_nothing

Key = tuple[str, ...]
Level = Literal["taken", "not needed", "not understood"]
_SECRETS = frozenset({"api_key", "home_assistant_token", "search_key"})
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
    """``settings`` and ``secrets`` by dotted name; ``agent``: the fields of one, if there is any;
    ``plugins``: what plugins of that server find at ``conn.config``, keys included."""

    settings: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    agent: dict[str, Any] | None = None
    plugins: dict[str, Any] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with what ``over`` says, table by table, as the reference server reads its two files."""
    found = dict(base)
    for key, value in over.items():
        below = found.get(key)
        both = isinstance(value, Mapping) and isinstance(below, Mapping)
        found[key] = merged(below, value) if both else value  # type: ignore[arg-type]
    return found


def convert(tables: Mapping[str, Any], root: Path = Path()) -> Imported:
    """What a ``config.yaml``, or the file over it alone, means here. ``root`` is that server's folder."""
    return _Reading(tables, root).read()


class _Reading:
    def __init__(self, tables: Mapping[str, Any], root: Path) -> None:
        self._tables = tables
        self._root = root
        self._seen: set[Key] = set()
        self._done = Imported()

    def read(self) -> Imported:
        if self._given("manager-api", "url"):
            self._note(
                "manager-api.url", "not understood", "Its settings are in the console, not in this file."
            )
        for path, name, change in PLAIN:
            self._plain(path, name, change)
        self._server()
        self._plugins()
        self._models()
        self._agent()
        for path, why in NEEDLESS.items():
            if not says_nothing(self._value(*path.split("."))):
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
        if isinstance(found, str) and (not found.strip() or is_placeholder(found)):
            return None
        return found

    # -- saying

    def _set(self, source: str, name: str, value: Any, more: str = "") -> None:
        if name.rsplit(".", 1)[-1] in _SECRETS:
            self._done.secrets[name] = str(value)
            self._note(source, "taken", f"{name} (a secret)")
        else:
            self._done.settings[name] = value
            self._note(source, "taken", f"{name} = {value!r}{more}")

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
        if self._done.settings.get("host") not in (None, "127.0.0.1", "localhost"):
            self._note(
                "server.ip", "taken", "That lets the network in: set KAIKOU_PASSWORD before you start."
            )
        if "xiaozhi.mqtt.port" in self._done.settings:
            self._set("server.mqtt_gateway", "xiaozhi.mqtt.enabled", True, ": the broker is in the server")
        tokens = self._value("server", "auth", "tokens")
        if tokens and self._value("server", "auth", "enabled"):
            text = "Devices are bound by a code of six digits and get a token of their own."
            self._note("server.auth.tokens", "not needed", text)

    def _plugins(self) -> None:
        music = self._given("plugins", "play_music", "music_dir")
        if music is not None:
            self._set(
                "plugins.play_music.music_dir", "tools.music_folder", str((self._root / music).absolute())
            )
        news = self._value("plugins", "get_news_from_chinanews")
        if isinstance(news, Mapping):
            feeds = list(dict.fromkeys(str(url) for url in news.values() if str(url).startswith("http")))
            if feeds:
                self._set("plugins.get_news_from_chinanews", "tools.news_feeds", feeds)
        search = self._value("plugins", "web_search")
        if isinstance(search, Mapping):
            provider = str(search.get("provider") or "").lower()
            keys = (search.get(f"{provider}_api_key"), search.get("api_key"))
            key = next((one for one in keys if isinstance(one, str) and not says_nothing(one)), None)
            if provider in {"tavily", "metaso"} and key is not None:
                self._set("plugins.web_search.provider", "tools.search_provider", provider)
                self._set("plugins.web_search.api_key", "tools.search_key", key)
            else:
                self._note("plugins.web_search", "not understood", "Only tavily and metaso, with a key.")
        options = self._tables.get("plugins")
        if not isinstance(options, Mapping) or says_nothing(options):
            return
        self._done.plugins = {
            name: value for name, value in self._tables.items() if name not in NOT_FOR_PLUGINS
        }
        self._note(
            "plugins", "taken", f"conn.config of plugins that you keep: {', '.join(map(str, options))}"
        )

    def _models(self) -> None:
        for module, take in (
            ("LLM", self._llm),
            ("ASR", self._stt),
            ("TTS", self._tts),
            ("VLLM", self._vision),
        ):
            presets = self._value(module)
            presets = presets if isinstance(presets, Mapping) else {}
            named = self._value("selected_module", module)
            chosen = str(named or CHOSEN.get(module, ""))
            for name, preset in presets.items():
                found = model_of(module, str(name), preset) if isinstance(preset, Mapping) else None
                if name == chosen and found is not None:
                    take(f"{module}.{name}", found)
                elif found is not None and found.key:
                    self._note(f"{module}.{name}", "not needed", "It is not the one chosen.")
            if chosen and chosen not in presets and named:
                self._missing(module, chosen, take)

    def _missing(self, module: str, chosen: str, take: Callable[[str, Model], None]) -> None:
        """A preset that is chosen, and not in this file: one of those that the server ships."""
        found = model_of(module, chosen, {})
        if found.kind:
            take(f"{module}.{chosen}", found)
        else:
            self._note(f"selected_module.{module}", "not understood", f"There is no {module}.{chosen}.")

    def _llm(self, key: str, model: Model) -> None:
        if model.kind in {"openai", "xinference", "ollama", "gemini"}:
            self._remote("llm", key, model)
            for name in ("temperature", "max_tokens"):
                if isinstance(model.options.get(name), int | float):
                    self._set(f"{key}.{name}", f"llm.{name}", model.options[name])
        else:
            text = f"There is no engine for {model.kind!r}; the local model answers."
            self._note(key, "not understood", text)

    def _stt(self, key: str, model: Model) -> None:
        if model.kind == "openai":
            self._remote("stt", key, model)
        elif model.kind == "vosk":
            self._set(key, "stt.engine", "vosk")
            if path := model.options.get("model_path"):
                self._set(f"{key}.model_path", "stt.vosk.model_path", str((self._root / path).absolute()))
        elif model.kind in {"fun_local", "sherpa_onnx_local"}:
            self._note(key, "not needed", "Whisper recognises speech on this machine.")
        else:
            text = f"There is no engine for {model.kind!r}; Whisper recognises speech here."
            self._note(key, "not understood", text)

    def _tts(self, key: str, model: Model) -> None:
        if model.kind == "openai":
            self._remote("tts", key, model)
            if voice := model.options.get("voice"):
                self._set(f"{key}.voice", "tts.voice", voice)
        else:
            text = f"There is no engine for {model.kind!r}; Kokoro speaks on this machine."
            self._note(key, "not understood", f"{text} Choose a voice on the page.")

    def _vision(self, key: str, model: Model) -> None:
        if model.kind == "openai":
            self._remote("vision", key, model)
        else:
            self._note(key, "not understood", f"There is no engine for {model.kind!r}.")

    def _remote(self, section: str, key: str, model: Model) -> None:
        """An OpenAI-compatible server: a provider known by its address, or any other."""
        if not model.usable:
            self._note(key, "not understood", "It has no key yet; what is on this machine serves instead.")
            return
        self._set(key, f"{section}.engine", model.engine)
        if model.address and (model.own or model.engine == "ollama"):
            self._set(f"{key}.base_url", f"{section}.base_url", model.address)
        if model.name:
            self._set(f"{key}.model_name", f"{section}.model", model.name)
        if model.key:
            self._set(f"{key}.api_key", f"{section}.api_key", model.key)

    def _agent(self) -> None:
        prompt = self._value("prompt")
        memory = str(self._value("selected_module", "Memory") or "nomem")
        intent = str(self._value("selected_module", "Intent") or "")
        if memory not in _MEMORY:
            self._note("selected_module.Memory", "not understood", f"There is no memory {memory!r}.")
        if not isinstance(prompt, str) or not prompt.strip():
            if memory in _MEMORY and memory != "nomem":
                text = f"Without a prompt no agent is made: choose the memory {_MEMORY[memory]!r} for yours."
                self._note("selected_module.Memory", "not understood", text)
            return
        agent: dict[str, Any] = {
            "name": "小智",
            "prompt": prompt.strip(),
            "memory": _MEMORY.get(memory, "none"),
        }
        self._note("prompt", "taken", f"an agent with a prompt of {len(prompt.strip())} characters")
        if "{{" in prompt:
            self._note("prompt", "not understood", "Its {{ placeholders }} are spoken of as they stand.")
        if memory in _MEMORY and memory != "nomem":
            self._note("selected_module.Memory", "taken", f"the agent's memory is {_MEMORY[memory]!r}")
        if intent == "nointent":
            agent["tools"] = []
            self._note("selected_module.Intent", "taken", "the agent has no tools")
        elif intent:
            self._note("selected_module.Intent", "taken", "the agent has every tool that can be used")
        self._done.agent = agent

    def _rest(self) -> None:
        """Every leaf that nobody looked at and that says something; of models only those chosen count."""
        for path, value in _leaves(self._tables):
            if any(path[: len(seen)] == seen for seen in self._seen) or path[0] in _MODULES:
                continue
            if path[0] in IGNORED or path[:2] in IGNORED_BELOW or says_nothing(value):
                continue
            key = ".".join(path)
            if path[0] == "plugins":
                self._note(key, "not understood", "Of use only to a plugin of that server that you keep.")
            else:
                self._note(key, "not understood", HINTS.get(key, "It has no counterpart."))


def _leaves(table: Mapping[str, Any], above: Key = ()) -> Iterator[tuple[Key, Any]]:
    for name, value in table.items():
        path = (*above, str(name))
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, path)
        else:
            yield path, value
