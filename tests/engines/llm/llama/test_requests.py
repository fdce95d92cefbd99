"""What the embedded engine checks and adds before a model runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kaikou.engines.llm.llama import Llama
from kaikou.engines.llm.llama.engine import gguf_file
from kaikou.engines.llm.llama.process import child_environment
from kaikou.engines.llm.llama.requests import PROSE, extra_fields, reading_only
from kaikou.engines.pool import Pool
from kaikou.engines.ports import Generation, Message, Tool
from kaikou.engines.registry import EngineContext
from kaikou.errors import EngineFailed, InvalidInput, ModelUnavailable, NotReady
from kaikou.settings.tree import Settings

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER, STOP = Tool("weather", "", SCHEMA), Tool("stop", "", {"type": "object"})
ASKED = [Message("user", "hi")]


def engine(**llm: Any) -> Llama:
    settings = Settings(llm=llm)
    return Llama(EngineContext("llama", settings.llm, settings, Pool(settings.pool), None))  # type: ignore[arg-type]


def test_a_call_that_must_be_made_is_asked_for_by_schema() -> None:
    extra = extra_fields(ASKED, Generation(tools=(WEATHER, STOP), tool_choice="weather"))
    schema = extra["response_format"]["json_schema"]["schema"]
    assert schema["properties"] == {"name": {"const": "weather"}, "arguments": SCHEMA}
    assert extra["tool_choice"] == "none"
    extra = extra_fields(ASKED, Generation(tools=(WEATHER, STOP), tool_choice="required"))
    calls = extra["response_format"]["json_schema"]["schema"]["anyOf"]
    assert [call["properties"]["name"]["const"] for call in calls] == ["weather", "stop"]
    with pytest.raises(InvalidInput):
        extra_fields(ASKED, Generation(tools=(WEATHER,), tool_choice="dance"))


def test_an_answer_that_must_be_words_is_held_to_them() -> None:
    answered = [*ASKED, Message("tool", "{}", tool_call_id="a")]
    assert extra_fields(answered, Generation(tools=(WEATHER,)))["grammar"] == PROSE
    assert extra_fields(ASKED, Generation(tools=(WEATHER,), tool_choice="none"))["grammar"] == PROSE
    assert "grammar" not in extra_fields(ASKED, Generation(tools=(WEATHER,)))
    # A schema of the caller's own comes first; the server takes only one of the two.
    assert "grammar" not in extra_fields(answered, Generation(tools=(WEATHER,), schema=SCHEMA))
    assert set(extra_fields(ASKED, Generation())) == {"cache_prompt", "return_progress"}


def test_reading_ahead_asks_for_the_same_prompt_up_to_the_users_words() -> None:
    generation = Generation(tools=(WEATHER,))
    extra = reading_only(ASKED, generation)
    assert extra.pop("add_generation_prompt") is False
    assert extra == extra_fields(ASKED, generation)


def test_the_child_gets_no_secrets() -> None:
    given = {
        "PATH": "/bin",
        "LANG": "C.UTF-8",
        "OPENAI_API_KEY": "x",
        "KAIKOU_PASSWORD": "x",
        "DB_PASSWORD": "x",
        "DATABASE_URL": "x",
        "OMP_WAIT_POLICY": "active",
    }
    kept = child_environment(given)
    assert {name for name in given if name in kept} == {"PATH", "LANG", "OMP_WAIT_POLICY"}
    assert kept["OMP_WAIT_POLICY"] == "passive"


def test_the_gguf_file_is_found_and_looked_at(tmp_path: Path) -> None:
    for name in ("a.gguf", "b.gguf"):
        (tmp_path / name).write_bytes(b"GGUF....")
    with pytest.raises(ModelUnavailable, match="2 GGUF files"):
        gguf_file(tmp_path)
    (tmp_path / "model.gguf").write_bytes(b"GGUF....")
    assert gguf_file(tmp_path) == (tmp_path / "model.gguf").resolve()
    (tmp_path / "page.gguf").write_text("<html>not found</html>")
    with pytest.raises(ModelUnavailable, match="is not a GGUF file"):
        gguf_file(tmp_path / "page.gguf")


async def test_a_missing_file_and_an_engine_that_is_not_loaded(tmp_path: Path) -> None:
    missing = engine(model=str(tmp_path / "gone.gguf"))
    with pytest.raises(ModelUnavailable, match=r"gone\.gguf"):
        await missing.load(lambda doing, fraction: None)
    assert missing.health().state == "failed"
    with pytest.raises(NotReady):
        await anext(missing.stream(ASKED))
    with pytest.raises(InvalidInput, match="images"):
        await anext(missing.stream([Message("user", "x", images=("data:,",))]))
    await missing.close()
    await missing.close()


async def test_a_broken_file_is_reported_by_the_child(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + bytes(64))
    model = engine(model=str(broken))
    with pytest.raises(EngineFailed) as caught:
        await model.load(lambda doing, fraction: None)
    assert caught.value.code == "engine_start_failed"
    assert "GGUF" in caught.value.hint
    assert model.pid is None
    await model.close()
