"""Providers that speak the OpenAI API: where they are, what they are called, what they need.

An engine named like a preset is the OpenAI-compatible adapter of its kind, pointed at that
provider. Addresses and model names are defaults; settings override each of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from kaikou.errors import SettingsError
from kaikou.settings.tree import ProviderSettings, RemoteEngineChoice, Settings

RemoteKind = Literal["llm", "stt", "tts", "embedding", "vision"]
StructuredOutput = Literal["json_schema", "json_object"]


@dataclass(frozen=True, slots=True)
class Preset:
    """One provider.

    ``models``     default model by kind; a kind that is missing has none (``llm`` then takes the
                   first that the server lists).
    ``key_names``  environment names that hold its key, for hints.
    ``extra_body`` fields sent with every chat request.
    ``structured`` how it is asked for JSON: by schema, or only "some JSON object".
    """

    name: str
    title: str
    base_url: str
    models: Mapping[RemoteKind, str] = field(default_factory=dict)
    key_names: tuple[str, ...] = ()
    needs_key: bool = True
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    structured: StructuredOutput = "json_schema"
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    homepage: str = ""
    """Where a person gets a key, or the server."""
    more_models: Mapping[RemoteKind, tuple[str, ...]] = field(default_factory=dict)
    """Further models worth suggesting, by kind."""
    shows_address: bool = True
    """False where the address is our own child's, and of no use to anybody."""


PRESETS: Mapping[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            "openai",
            "OpenAI",
            "https://api.openai.com/v1",
            {
                "llm": "gpt-4.1-mini",
                "stt": "gpt-4o-mini-transcribe",
                "tts": "gpt-4o-mini-tts",
                "embedding": "text-embedding-3-small",
                "vision": "gpt-4.1-mini",
            },
            ("OPENAI_API_KEY",),
            max_tokens_field="max_completion_tokens",
            homepage="https://platform.openai.com/api-keys",
            more_models={
                "llm": ("gpt-4.1", "gpt-4.1-nano", "gpt-4o-mini"),
                "stt": ("gpt-4o-transcribe", "whisper-1"),
                "tts": ("tts-1", "tts-1-hd"),
            },
        ),
        Preset(
            "openrouter",
            "OpenRouter",
            "https://openrouter.ai/api/v1",
            {"llm": "openai/gpt-4.1-mini", "vision": "openai/gpt-4.1-mini"},
            ("OPENROUTER_API_KEY",),
            homepage="https://openrouter.ai/settings/keys",
            more_models={"llm": ("google/gemini-2.5-flash", "deepseek/deepseek-chat")},
        ),
        Preset(
            "deepseek",
            "DeepSeek",
            "https://api.deepseek.com/v1",
            {"llm": "deepseek-chat"},
            ("DEEPSEEK_API_KEY",),
            homepage="https://platform.deepseek.com/api_keys",
            structured="json_object",
        ),
        Preset(
            "dashscope",
            "Alibaba Cloud DashScope",
            "https://dashscope.aliyuncs.com/compatible-mode/v1",
            {"llm": "qwen-plus", "embedding": "text-embedding-v4", "vision": "qwen-vl-plus"},
            ("DASHSCOPE_API_KEY",),
            # The Qwen3 models think before they answer unless told not to; a caller would wait for it.
            extra_body={"enable_thinking": False},
            homepage="https://bailian.console.aliyun.com/",
            more_models={"llm": ("qwen-turbo", "qwen-flash", "qwen-max")},
            structured="json_object",
        ),
        Preset(
            "gemini",
            "Google Gemini",
            "https://generativelanguage.googleapis.com/v1beta/openai",
            {"llm": "gemini-2.5-flash", "embedding": "gemini-embedding-001", "vision": "gemini-2.5-flash"},
            ("GEMINI_API_KEY", "API_KEY"),
            homepage="https://aistudio.google.com/apikey",
            more_models={"llm": ("gemini-2.5-flash-lite", "gemini-2.5-pro")},
        ),
        Preset(
            "ollama", "Ollama", "http://127.0.0.1:11434/v1", needs_key=False, homepage="https://ollama.com"
        ),
        Preset("vllm", "vLLM", "http://127.0.0.1:8001/v1", needs_key=False, homepage="https://docs.vllm.ai"),
    )
}
"""By name. vLLM's own default port is 8000, which is Kaikou's; hence 8001 here."""

CUSTOM = Preset("openai", "OpenAI-compatible server", "", needs_key=False)
"""Any other server, known by its ``base_url`` alone."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where one engine sends its requests. ``model`` None: whatever the server lists first."""

    preset: Preset
    base_url: str
    api_key: str | None = field(repr=False)
    model: str | None
    timeout: float


def endpoint(settings: Settings, kind: RemoteKind, name: str) -> Endpoint:
    """The address, key and model for engine ``name`` of ``kind``.

    The kind's own settings (``llm.base_url`` …) come before the provider's
    (``providers.openrouter.base_url`` …), and those before the preset's. A provider's key only
    goes to an address that was set for that provider, or chosen together with its name: a server
    that merely took over ``llm.base_url`` does not get it.
    Raises SettingsError where a key is needed and none is set.
    """
    choice: RemoteEngineChoice = getattr(settings, kind)
    provider = settings.providers.get(name, ProviderSettings())
    preset = PRESETS.get(name, CUSTOM)
    named = choice.engine == name
    own_address = choice.base_url is not None
    if own_address and (name == "openai" or name not in PRESETS):
        preset = CUSTOM
    base_url = choice.base_url or provider.base_url or preset.base_url
    if not base_url:
        raise SettingsError(
            f"The {kind} engine {name!r} has no address.",
            hint=f"Set KAIKOU_{kind.upper()}__BASE_URL, e.g. http://127.0.0.1:8001/v1.",
            param=f"{kind}.base_url",
        )
    secret = choice.api_key
    if secret is None and (named or not own_address):
        secret = provider.api_key
    if secret is None and preset.needs_key:
        names = " or ".join((*preset.key_names, f"KAIKOU_{kind.upper()}__API_KEY"))
        raise SettingsError(
            f"{preset.title} needs a key, and none is set.",
            code="api_key_missing",
            hint=f"Set {names}.",
            param=f"{kind}.api_key",
        )
    return Endpoint(
        preset=preset,
        base_url=base_url.rstrip("/"),
        api_key=secret.get_secret_value() if secret else None,
        model=choice.model or (provider.model if kind == "llm" else None) or preset.models.get(kind),
        timeout=choice.timeout,
    )
