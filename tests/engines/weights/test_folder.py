from __future__ import annotations

import os
from pathlib import Path

import pytest
from engines.weights.packages import model, weight_files

from kaikou.engines.weights import folder
from kaikou.engines.weights.catalogue import Source
from kaikou.errors import ModelUnavailable

CONTENTS = {"model.bin": b"weights" * 100, "voices/a.bin": b"voice"}


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    for name, data in CONTENTS.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    return tmp_path


def test_complete_means_every_file_at_its_size(filled: Path) -> None:
    entry = model(CONTENTS)
    assert folder.complete(filled, entry) == entry.files
    (filled / "voices/a.bin").write_bytes(b"voic")
    assert folder.complete(filled, entry) is None
    (filled / "voices/a.bin").unlink()
    assert folder.complete(filled, entry) is None


def test_a_source_may_have_files_of_its_own(tmp_path: Path) -> None:
    other = {"model.bin": b"converted anew"}
    source = Source(kind="huggingface", repo="a/b", revision="c", files=weight_files(other))
    entry = model(CONTENTS, source)
    (tmp_path / "model.bin").write_bytes(other["model.bin"])
    assert folder.complete(tmp_path, entry) == source.files


def test_an_altered_file_is_named(filled: Path) -> None:
    (filled / "model.bin").write_bytes(b"Weights" + CONTENTS["model.bin"][7:])
    with pytest.raises(ModelUnavailable, match=r"model\.bin of model tiny") as error:
        folder.verify(filled, "tiny", weight_files(CONTENTS))
    assert error.value.code == "model_altered"
    assert "kaikou models pull tiny --force" in error.value.hint


def test_a_file_altered_after_it_was_sealed_is_found(filled: Path) -> None:
    files = weight_files(CONTENTS)
    folder.verify(filled, "tiny", files)
    assert (filled / folder.SEAL).is_file()
    path = filled / "model.bin"
    path.write_bytes(b"Weights" + CONTENTS["model.bin"][7:])
    os.utime(path, ns=(1, 1))
    with pytest.raises(ModelUnavailable, match=r"model\.bin"):
        folder.verify(filled, "tiny", files)


def test_a_sealed_folder_is_not_hashed_again(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = weight_files(CONTENTS)
    folder.verify(filled, "tiny", files)
    hashed: list[Path] = []
    monkeypatch.setattr(folder, "sha256", hashed.append)
    folder.verify(filled, "tiny", files)
    assert hashed == []


def test_a_spoilt_seal_only_costs_time(filled: Path) -> None:
    for text in ("", "[]", '{"files": 3}', '{"files": {"model.bin": 1}}'):
        (filled / folder.SEAL).write_text(text)
        folder.verify(filled, "tiny", weight_files(CONTENTS))
