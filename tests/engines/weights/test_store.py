from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from engines.weights.file_server import FileServer
from engines.weights.packages import archive, catalogue, digest, hub, model, registry, weight_files, wheel
from filelock import FileLock

from kaikou.engines.weights import store as store_module
from kaikou.engines.weights.catalogue import Source
from kaikou.engines.weights.store import WeightStore, cache_folder
from kaikou.errors import ModelUnavailable, NotFound, SettingsError
from kaikou.settings.tree import ModelSettings

CONTENTS = {"model.bin": b"weights" * 1000, "voices/a.bin": b"voice"}


def quiet(message: str, fraction: float | None) -> None:
    """No progress wanted."""


def hub_store(server: FileServer, folder: Path, **settings: object) -> WeightStore:
    for name, data in CONTENTS.items():
        server.files[f"/acme/tiny/resolve/abc/{name}"] = data
    values = {"folder": folder, "huggingface_url": server.url, "stall_timeout": 5.0, **settings}
    return WeightStore(ModelSettings.model_validate(values), catalogue(model(CONTENTS, hub())))


async def test_fetches_once_and_tells_how_far(server: FileServer, tmp_path: Path) -> None:
    store = hub_store(server, tmp_path)
    assert store.installed("tiny") is None
    assert [state.state for state in store.states()] == ["missing"]
    said: list[tuple[str, float | None]] = []
    path = await store.fetch("tiny", lambda message, fraction: said.append((message, fraction)))
    assert path == store.path("tiny") == store.installed("tiny")
    assert (path / "voices/a.bin").read_bytes() == b"voice"
    assert ("Downloading Tiny: 0 of 0 MB", 1.0) in said
    assert [state.state for state in store.states()] == ["installed"]
    requests = len(server.requests)
    assert await store.fetch("tiny", quiet) == path
    assert len(server.requests) == requests
    assert not (tmp_path / ".partial" / "tiny").exists()


async def test_a_broken_download_shows_as_partial_and_goes_on(server: FileServer, tmp_path: Path) -> None:
    store = hub_store(server, tmp_path, stall_timeout=0.2)
    server.stall_after = [3000, 0, 0, 0, 0]
    with pytest.raises(ModelUnavailable):
        await store.fetch("tiny", quiet)
    assert [state.state for state in store.states()] == ["partial"]
    server.stall_after, server.requests = [], []
    await store.fetch("tiny", quiet)
    assert server.requests[0][1] == "bytes=3000-"


async def test_auto_takes_the_first_source_that_answers(server: FileServer, tmp_path: Path) -> None:
    server.files["/models/acme/tiny/resolve/abc/model.bin"] = CONTENTS["model.bin"]
    server.files["/models/acme/tiny/resolve/abc/voices/a.bin"] = CONTENTS["voices/a.bin"]
    entry = model(CONTENTS, hub(), hub("modelscope"))
    settings = ModelSettings(folder=tmp_path, huggingface_url=server.url, modelscope_url=server.url)
    path = await WeightStore(settings, catalogue(entry)).fetch("tiny", quiet)
    assert (path / "model.bin").read_bytes() == CONTENTS["model.bin"]


async def test_when_no_source_works_each_reason_is_told(server: FileServer, tmp_path: Path) -> None:
    server.files["/models/acme/tiny/resolve/abc/model.bin"] = b"W" + CONTENTS["model.bin"][1:]
    entry = model(CONTENTS, hub(), hub("modelscope"))
    settings = ModelSettings(folder=tmp_path, huggingface_url=server.url, modelscope_url=server.url)
    with pytest.raises(ModelUnavailable, match=r"HTTP 404.*SHA-256") as error:
        await WeightStore(settings, catalogue(entry)).fetch("tiny", quiet)
    assert error.value.hint
    assert not (tmp_path / "tiny").exists()


async def test_one_kind_of_source_can_be_asked_for(server: FileServer, tmp_path: Path) -> None:
    store = hub_store(server, tmp_path, source="modelscope")
    with pytest.raises(ModelUnavailable, match="no source of kind modelscope"):
        await store.fetch("tiny", quiet)
    assert server.requests == []


async def test_a_source_with_files_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    packed = wheel(tmp_path / "index", "tiny-anew", "2.0", {"w": b"converted anew"})
    way = registry(archive(packed, "pypi:tiny-anew==2.0", {"w": "model.bin"}))
    other = Source.model_validate(
        {**way.model_dump(), "files": weight_files({"model.bin": b"converted anew"})}
    )
    store = WeightStore(ModelSettings(folder=tmp_path / "cache"), catalogue(model(CONTENTS, other)))
    path = await store.fetch("tiny", quiet)
    assert digest((path / "model.bin").read_bytes()) == other.files[0].sha256
    assert store.installed("tiny") == path


# --- offline ---------------------------------------------------------------------------------


def offline_copy(folder: Path) -> Path:
    for name, data in CONTENTS.items():
        (folder / "tiny" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "tiny" / name).write_bytes(data)
    return folder


async def test_offline_copies(tmp_path: Path) -> None:
    copy = offline_copy(tmp_path / "usb")
    settings = ModelSettings(folder=tmp_path / "cache", offline=True)
    store = WeightStore(settings, catalogue(model(CONTENTS, hub())))
    with pytest.raises(ModelUnavailable, match="OFFLINE") as error:
        await store.fetch("tiny", quiet)
    assert "--from DIR" in error.value.hint
    assert await store.pull(["default"], quiet, source=str(copy)) == {"tiny": store.path("tiny")}
    assert store.installed("tiny")


async def test_an_offline_copy_is_verified(tmp_path: Path) -> None:
    copy = offline_copy(tmp_path / "usb")
    (copy / "tiny" / "voices" / "a.bin").write_bytes(b"vOice")
    store = WeightStore(
        ModelSettings(folder=tmp_path / "cache", source=str(copy)), catalogue(model(CONTENTS, hub()))
    )
    with pytest.raises(ModelUnavailable, match=r"voices/a\.bin") as error:
        await store.fetch("tiny", quiet)
    assert error.value.code == "model_altered"
    (copy / "tiny" / "model.bin").unlink()
    with pytest.raises(ModelUnavailable, match=r"model\.bin is missing"):
        await store.fetch("tiny", quiet)
    assert store.installed("tiny") is None


async def test_a_source_that_is_no_folder_is_a_settings_error(tmp_path: Path) -> None:
    settings = ModelSettings(folder=tmp_path, source="hugingface")
    with pytest.raises(SettingsError, match="hugingface"):
        await WeightStore(settings, catalogue(model(CONTENTS, hub()))).fetch("tiny", quiet)


async def test_files_put_there_by_hand_are_taken(tmp_path: Path) -> None:
    store = WeightStore(
        ModelSettings(folder=offline_copy(tmp_path), offline=True), catalogue(model(CONTENTS, hub()))
    )
    assert await store.fetch("tiny", quiet) == tmp_path / "tiny"


# --- trouble ---------------------------------------------------------------------------------


async def test_an_altered_model_is_named_and_force_repairs_it(server: FileServer, tmp_path: Path) -> None:
    store = hub_store(server, tmp_path)
    path = await store.fetch("tiny", quiet)
    (path / "voices/a.bin").write_bytes(b"vOice")
    with pytest.raises(ModelUnavailable, match=r"voices/a\.bin") as error:
        await store.fetch("tiny", quiet)
    assert "--force" in error.value.hint
    await store.pull(["tiny"], quiet, force=True)
    assert (path / "voices/a.bin").read_bytes() == b"voice"


async def test_two_at_once_download_once(server: FileServer, tmp_path: Path) -> None:
    first, second = hub_store(server, tmp_path), hub_store(server, tmp_path)
    await asyncio.gather(*(store.fetch("tiny", quiet) for store in (first, second, first)))
    assert len(server.requests) == len(CONTENTS)


async def test_waits_for_another_process(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "_LOCK_POLL", 0.01)
    store = hub_store(server, tmp_path)
    (tmp_path / ".locks").mkdir()
    said: list[str] = []
    with FileLock(tmp_path / ".locks" / "tiny.lock"):
        fetching = asyncio.create_task(store.fetch("tiny", lambda message, _: said.append(message)))
        async with asyncio.timeout(30):
            while not said:
                await asyncio.sleep(0.01)
        assert "another process" in said[0]
        assert server.requests == []
    await fetching


async def test_cancelling_frees_the_lock_and_keeps_what_came(server: FileServer, tmp_path: Path) -> None:
    store = hub_store(server, tmp_path, stall_timeout=60.0)
    server.stall_after = [3000]
    arrived = asyncio.Event()
    fetching = asyncio.create_task(store.fetch("tiny", lambda _, fraction: fraction and arrived.set()))
    await asyncio.wait_for(arrived.wait(), 30)
    fetching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    server.requests.clear()
    await asyncio.wait_for(store.fetch("tiny", quiet), 10)
    assert server.requests[0][1] == "bytes=3000-"


async def test_an_unusable_folder_is_told(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = hub_store(server, tmp_path / "file" / "cache")
    with pytest.raises(ModelUnavailable, match="cannot be used") as error:
        await store.fetch("tiny", quiet)
    assert "KAIKOU_MODELS__FOLDER" in error.value.hint


async def test_an_unknown_model(tmp_path: Path) -> None:
    store = WeightStore(ModelSettings(folder=tmp_path), catalogue(model(CONTENTS, hub())))
    with pytest.raises(NotFound):
        await store.fetch("gpt-9", quiet)


def test_the_cache_is_where_the_platform_keeps_caches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "kaikou" / "models"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(store_module.sys, "platform", "darwin")
    assert cache_folder() == tmp_path / "home" / "Library" / "Caches" / "kaikou" / "models"
    monkeypatch.setattr(store_module.sys, "platform", "linux")
    assert cache_folder() == tmp_path / "home" / ".cache" / "kaikou" / "models"


@pytest.mark.models
async def test_a_real_model_from_the_registry(tmp_path: Path) -> None:
    store = WeightStore(ModelSettings(folder=tmp_path, source="registry"))
    path = await store.fetch("silero-vad", quiet)
    assert (path / "silero_vad_16k_op15.onnx").is_file()
    assert store.installed("silero-vad") == path
