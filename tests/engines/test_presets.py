"""Where an engine's requests go, and whose key goes with them."""

from __future__ import annotations

import pytest

from kaikou.engines.presets import PRESETS, endpoint
from kaikou.engines.remote import is_local
from kaikou.errors import SettingsError
from kaikou.settings.tree import Settings

KEY = "sk-secret"


def test_a_provider_with_its_key() -> None:
    settings = Settings(providers={"openrouter": {"api_key": KEY}})
    found = endpoint(settings, "llm", "openrouter")
    assert (found.base_url, found.api_key) == ("https://openrouter.ai/api/v1", KEY)
    assert found.model == PRESETS["openrouter"].models["llm"]
    assert KEY not in repr(found)


def test_kind_before_provider_before_preset() -> None:
    providers = {"openai": {"api_key": KEY, "base_url": "https://proxy.example/v1/", "model": "big"}}
    found = endpoint(Settings(providers=providers), "llm", "openai")
    assert (found.base_url, found.model) == ("https://proxy.example/v1", "big")
    found = endpoint(Settings(providers=providers), "tts", "openai")
    assert found.model == PRESETS["openai"].models["tts"]
    llm = {"engine": "openai", "base_url": "http://10.0.0.2/v1", "model": "own", "api_key": "sk-own"}
    found = endpoint(Settings(providers=providers, llm=llm), "llm", "openai")
    assert (found.base_url, found.model, found.api_key) == ("http://10.0.0.2/v1", "own", "sk-own")


def test_a_providers_key_does_not_follow_a_foreign_address() -> None:
    providers = {"openai": {"api_key": KEY}}
    foreign = Settings(providers=providers, llm={"base_url": "http://10.0.0.2/v1"})
    assert endpoint(foreign, "llm", "openai").api_key is None
    chosen = Settings(providers=providers, llm={"base_url": "http://10.0.0.2/v1", "engine": "openai"})
    assert endpoint(chosen, "llm", "openai").api_key == KEY


def test_a_missing_key_names_the_variable() -> None:
    with pytest.raises(SettingsError) as caught:
        endpoint(Settings(), "llm", "deepseek")
    assert caught.value.code == "api_key_missing"
    assert "DEEPSEEK_API_KEY" in caught.value.hint
    assert endpoint(Settings(), "llm", "ollama").api_key is None


def test_a_custom_server_gets_no_providers_habits() -> None:
    settings = Settings(llm={"base_url": "http://10.0.0.2/v1"})
    found = endpoint(settings, "llm", "openai")
    assert found.preset.title == "OpenAI-compatible server"
    assert found.preset.max_tokens_field == "max_tokens"
    assert found.model is None


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1:1/v1", True),
        ("http://localhost/v1", True),
        ("http://[::1]:8/v1", True),
        ("http://10.0.0.2/v1", False),
        ("https://localhost.example.com/v1", False),
    ],
)
def test_local_is_this_machine(url: str, local: bool) -> None:
    assert is_local(url) is local
