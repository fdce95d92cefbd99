"""Sources, their order, where values come from, and what is said of wrong ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from kaikou.errors import SettingsError
from kaikou.settings import loading
from kaikou.settings.aliases import ALIASES
from kaikou.settings.loading import UNKNOWN, annotation_at, load_settings
from kaikou.settings.tree import Settings


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, "utf-8")


def test_defaults_alone(tmp_path: Path) -> None:
    loaded = load_settings(tmp_path, {})
    assert loaded.settings == Settings()
    assert loaded.origins == {}
    assert loaded.warnings == ()
    assert str(loaded.origin(("port",))) == "default"


def test_each_source_beats_the_weaker_ones(tmp_path: Path) -> None:
    write(
        tmp_path,
        "kaikou.toml",
        'port = 1\nhost = "a"\nlog_level = "t"\n[stt]\nengine = "toml"\nlanguage = "zh"\n',
    )
    write(tmp_path, ".env", "KAIKOU_PORT=2\nKAIKOU_HOST=b\nKAIKOU_STT__ENGINE=dotenv\n")
    loaded = load_settings(tmp_path, {"KAIKOU_PORT": "3", "KAIKOU_HOST": "c"}, {"port": 4, "data_dir": None})
    settings = loaded.settings
    assert (settings.port, settings.host, settings.stt.engine, settings.stt.language) == (
        4,
        "c",
        "dotenv",
        "zh",
    )
    assert str(loaded.origin(("port",))) == "command line"
    assert str(loaded.origin(("host",))) == "KAIKOU_HOST in the environment"
    assert str(loaded.origin(("stt", "engine"))) == "KAIKOU_STT__ENGINE in .env line 3"
    assert str(loaded.origin(("stt", "language"))) == "kaikou.toml line 6"
    assert str(loaded.origin(("data_dir",))) == "default"


def test_lines_are_counted_past_comments_quotes_and_blank_lines(tmp_path: Path) -> None:
    write(tmp_path, ".env", "# a comment\n\n\nexport KAIKOU_HOST=\"x\"\n\nKAIKOU_PORT = '99999' # note\n")
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path, {})
    assert "KAIKOU_PORT in .env line 6: port is not usable" in caught.value.message
    assert caught.value.param == "port"


def test_a_wrong_value_in_the_file_names_its_line(tmp_path: Path) -> None:
    write(tmp_path, "kaikou.toml", '# port = 1\n\n[live]\n# idle\nidle_timeout = "soon"\n')
    with pytest.raises(SettingsError, match=r"kaikou.toml line 5: live.idle_timeout is not usable"):
        load_settings(tmp_path, {})


def test_every_wrong_value_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path, {"KAIKOU_PORT": "x", "KAIKOU_LLM__TEMPERATURE": "9"})
    assert "KAIKOU_PORT" in caught.value.message
    assert "KAIKOU_LLM__TEMPERATURE" in caught.value.message


def test_errors_never_show_a_secret(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path, {"KAIKOU_API_KEYS": '["very-secret", {}]'})
    assert "very-secret" not in str(caught.value)


def test_broken_files_are_named(tmp_path: Path) -> None:
    write(tmp_path, "kaikou.toml", "port = \n")
    with pytest.raises(SettingsError, match=r"kaikou.toml is not valid TOML.*line 1"):
        load_settings(tmp_path, {})
    write(tmp_path, "kaikou.toml", "")
    write(tmp_path, ".env", "A=1\nthis is no assignment\n")
    with pytest.raises(SettingsError, match=r"\.env line 2"):
        load_settings(tmp_path, {})


def test_the_named_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"there is no file other\.toml"):
        load_settings(tmp_path, {"KAIKOU_CONFIG": "other.toml"})
    write(tmp_path, "other.toml", "port = 7\n")
    assert load_settings(tmp_path, {"KAIKOU_CONFIG": "other.toml"}).settings.port == 7


def test_unknown_names_are_reported_with_the_nearest(tmp_path: Path) -> None:
    write(tmp_path, "kaikou.toml", '[sst]\nengine = "x"\n[stt]\nlanguge = "zh"\n')
    loaded = load_settings(tmp_path, {"KAIKOU_STT__ENGNE": "x", "KAIKOU_ZZZZZZ": "1"})
    said = "\n".join(loaded.warnings)
    assert (
        "kaikou.toml line 2: there is no setting 'sst.engine'; it is ignored. Did you mean stt.engine?"
        in said
    )
    assert "kaikou.toml line 4" in said and "Did you mean stt.language?" in said
    assert "KAIKOU_STT__ENGNE in the environment" in said and "Did you mean KAIKOU_STT__ENGINE?" in said
    assert "'zzzzzz'; it is ignored." in said
    assert loaded.settings == Settings()


def test_an_engines_own_settings_are_passed_on(tmp_path: Path) -> None:
    environ = {"KAIKOU_TTS__SCRIPTED__DELAY_MS": "5", "KAIKOU_VAD__SCRIPTED__PROBABILITIES": "[0.1, 0.9]"}
    loaded = load_settings(tmp_path, environ)
    assert loaded.settings.tts.options("scripted") == {"delay_ms": "5"}
    assert loaded.settings.vad.options("scripted") == {"probabilities": [0.1, 0.9]}
    assert loaded.warnings == ()


@pytest.mark.parametrize(
    "text", ['["https://a.example", "https://b.example"]', "https://a.example, https://b.example"]
)
def test_lists_are_json_or_commas(tmp_path: Path, text: str) -> None:
    loaded = load_settings(tmp_path, {"KAIKOU_ALLOWED_ORIGINS": text})
    assert loaded.settings.allowed_origins == ["https://a.example", "https://b.example"]


def test_broken_json_names_the_variable(tmp_path: Path) -> None:
    with pytest.raises(
        SettingsError, match="KAIKOU_ALLOWED_ORIGINS in the environment: allowed_origins is not valid"
    ):
        load_settings(tmp_path, {"KAIKOU_ALLOWED_ORIGINS": '["https://a.example"'})


def test_a_group_is_not_a_value_but_may_be_json(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="KAIKOU_STT in the environment: stt is a group"):
        load_settings(tmp_path, {"KAIKOU_STT": "whisper"})
    assert load_settings(tmp_path, {"KAIKOU_STT": '{"engine": "whisper"}'}).settings.stt.engine == "whisper"


def test_empty_values_are_not_set(tmp_path: Path) -> None:
    write(tmp_path, ".env", "KAIKOU_PASSWORD=\n")
    loaded = load_settings(tmp_path, {"KAIKOU_PORT": "", "KAIKOU_PASSWORD": "  "})
    assert loaded.settings == Settings()


# -- names of other systems


def test_every_alias_stands_for_a_setting_that_exists() -> None:
    assert len({alias.name for alias in ALIASES}) == len(ALIASES)
    for alias in ALIASES:
        if alias.target is not None:
            assert annotation_at(Settings, alias.target) is not UNKNOWN, alias.name
        else:
            assert alias.note, alias.name


def test_aliases_fill_the_settings(tmp_path: Path) -> None:
    environ = {
        "OPENROUTER_API_KEY": "or-key",
        "OPENROUTER_BASE_URL": "https://or.example/v1",
        "OPENROUTER_MODEL": "some/model",
        "GEMINI_API_KEY": "g-key",
        "OPENAI_API_KEY": "o-key",
        "DASHSCOPE_API_KEY": "d-key",
        "HOST": "localhost",
        "PORT": "8123",
        "DEBUG": "True",
        "LOG_LEVEL": "WARNING",
        "ALLOWED_ORIGINS": '["https://a.example"]',
        "DATABASE_URL": "sqlite:////srv/x.db",
        "SECRET_KEY": "s",
        "VOSK_MODEL_PATH": "/models/vosk",
        "VOSK_SAMPLE_RATE": "16000",
        "MAX_FILE_SIZE": "50MB",
    }
    loaded = load_settings(tmp_path, environ)
    settings, providers = loaded.settings, loaded.settings.providers
    keys = {name: one.api_key.get_secret_value() for name, one in providers.items() if one.api_key}
    assert keys == {"openrouter": "or-key", "gemini": "g-key", "openai": "o-key", "dashscope": "d-key"}
    assert (providers["openrouter"].base_url, providers["openrouter"].model) == (
        "https://or.example/v1",
        "some/model",
    )
    assert (settings.host, settings.port, settings.debug, settings.log_level) == (
        "localhost",
        8123,
        True,
        "warning",
    )
    assert settings.allowed_origins == ["https://a.example"]
    assert settings.database_url == "sqlite:////srv/x.db"
    assert settings.secret_key is not None
    assert settings.stt.options("vosk") == {"model_path": "/models/vosk", "sample_rate": "16000"}
    assert loaded.warnings == ("MAX_FILE_SIZE is not used: Accepted; not yet used.",)


def test_comma_lists_and_the_order_of_two_names_for_one_setting(tmp_path: Path) -> None:
    loaded = load_settings(tmp_path, {"CORS_ORIGINS": "https://a.example,https://b.example"})
    assert loaded.settings.allowed_origins == ["https://a.example", "https://b.example"]
    both = {"GRADIO_SERVER_NAME": "0.0.0.0", "GRADIO_SERVER_PORT": "7860", "PORT": "8000"}
    loaded = load_settings(tmp_path, both)
    assert (loaded.settings.host, loaded.settings.port) == ("0.0.0.0", 8000)


@pytest.mark.parametrize("native_in", ["environment", "dotenv"])
def test_the_native_name_beats_an_alias_wherever_it_stands(tmp_path: Path, native_in: str) -> None:
    environ = {"PORT": "1"}
    if native_in == "dotenv":
        write(tmp_path, ".env", "KAIKOU_PORT=2\n")
    else:
        environ["KAIKOU_PORT"] = "2"
    assert load_settings(tmp_path, environ).settings.port == 2


def test_an_alias_beats_the_file(tmp_path: Path) -> None:
    write(tmp_path, "kaikou.toml", "port = 1\n")
    assert load_settings(tmp_path, {"PORT": "2"}).settings.port == 2


def test_api_key_is_geminis_unless_an_address_is_set(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, {"API_KEY": "k"}).settings
    assert settings.providers["gemini"].api_key is not None
    assert settings.llm.api_key is None
    assert settings.api_keys == []
    settings = load_settings(tmp_path, {"API_KEY": "k", "KAIKOU_LLM__BASE_URL": "http://llm/v1"}).settings
    assert settings.llm.api_key is not None and settings.llm.api_key.get_secret_value() == "k"
    assert settings.providers == {}
    settings = load_settings(tmp_path, {"API_KEY": "k", "GEMINI_API_KEY": "g"}).settings
    assert settings.providers["gemini"].api_key is not None
    assert settings.providers["gemini"].api_key.get_secret_value() == "g"


def test_vosk_without_its_package_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading.importlib.util, "find_spec", lambda name: None)
    for environ in ({"USE_REAL_VOSK": "true"}, {"STT_ENGINE": "vosk"}, {"KAIKOU_STT__ENGINE": "vosk"}):
        with pytest.raises(SettingsError, match=r"kaikou\[vosk\]") as caught:
            load_settings(tmp_path, environ)
        assert caught.value.code == "missing_extra"
        assert next(iter(environ)) in caught.value.message
    assert load_settings(tmp_path, {"USE_REAL_VOSK": "false"}).settings.stt.engine == "auto"
    monkeypatch.setattr(loading.importlib.util, "find_spec", lambda name: object())
    assert load_settings(tmp_path, {"USE_REAL_VOSK": "1"}).settings.stt.engine == "vosk"


def test_a_wrong_alias_value_names_the_variable(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="USE_REAL_VOSK in the environment: expected true or false"):
        load_settings(tmp_path, {"USE_REAL_VOSK": "maybe"})
    assert load_settings(tmp_path, {"DEBUG": "express:*"}).settings.debug is False
    with pytest.raises(SettingsError, match="PORT in the environment: port is not usable"):
        load_settings(tmp_path, {"PORT": "http"})


def test_postgres_parts_make_the_address(tmp_path: Path) -> None:
    environ = {
        "DATABASE_TYPE": "postgresql",
        "POSTGRES_USER": "u",
        "POSTGRES_PASSWORD": "p@/w",
        "POSTGRES_DB": "d",
    }
    loaded = load_settings(tmp_path, environ)
    assert loaded.settings.database_url == "postgresql://u:p%40%2Fw@localhost:5432/d"
    assert loaded.warnings == ()
    loaded = load_settings(tmp_path, environ | {"DATABASE_URL": "sqlite:////x.db"})
    assert loaded.settings.database_url == "sqlite:////x.db"


def test_names_of_later_features_are_accepted_and_reported(tmp_path: Path) -> None:
    later = [
        alias.name for alias in ALIASES if alias.target is None and not alias.name.startswith("POSTGRES")
    ]
    loaded = load_settings(tmp_path, dict.fromkeys(later, "1"))
    assert loaded.settings == Settings()
    for name in later:
        assert any(warning.startswith(f"{name} is not used") for warning in loaded.warnings), name
