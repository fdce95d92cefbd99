from __future__ import annotations

from pathlib import Path

import pytest
from engines.weights.file_server import FileServer
from engines.weights.packages import hub, weight_files

from kaikou.engines.weights import hub_source
from kaikou.errors import ModelUnavailable

DATA = bytes(range(256)) * 4096  # 1 MiB
PATH = "/acme/tiny/resolve/abc/model.bin"


async def fetch(server: FileServer, stage: Path, seen: list[int] | None = None, silence: float = 5.0) -> Path:
    return await hub_source.download(
        hub(),
        weight_files({"model.bin": DATA}),
        stage,
        lambda done, total: seen.append(done) if seen is not None else None,
        base_url=server.url,
        silence=silence,
    )


async def test_fetches_and_counts_bytes(server: FileServer, tmp_path: Path) -> None:
    server.files[PATH] = DATA
    seen: list[int] = []
    out = await fetch(server, tmp_path, seen)
    assert (out / "model.bin").read_bytes() == DATA
    assert seen == sorted(seen) and seen[-1] == len(DATA)
    assert server.requests == [(PATH, "")]


async def test_modelscope_addresses_differ(server: FileServer, tmp_path: Path) -> None:
    server.files["/models" + PATH] = DATA
    files = weight_files({"model.bin": DATA})
    source = hub("modelscope")
    out = await hub_source.download(
        source, files, tmp_path, lambda *_: None, base_url=server.url + "/", silence=5
    )
    assert (out / "model.bin").read_bytes() == DATA


async def test_goes_on_where_the_connection_broke(server: FileServer, tmp_path: Path) -> None:
    server.files[PATH] = DATA
    server.cut_after = [300_000, 200_000]
    out = await fetch(server, tmp_path)
    assert (out / "model.bin").read_bytes() == DATA
    assert [wanted for _, wanted in server.requests] == ["", "bytes=300000-", "bytes=500000-"]


async def test_goes_on_in_a_later_run(server: FileServer, tmp_path: Path) -> None:
    server.files[PATH] = DATA
    server.cut_after = [400_000, 0, 0, 0]
    with pytest.raises(ModelUnavailable, match="broke off") as error:
        await fetch(server, tmp_path)
    assert "kept" in error.value.hint
    server.requests.clear()
    out = await fetch(server, tmp_path)
    assert server.requests == [(PATH, "bytes=400000-")]
    assert (out / "model.bin").read_bytes() == DATA


async def test_begins_again_where_the_server_knows_no_ranges(server: FileServer, tmp_path: Path) -> None:
    server.files[PATH] = DATA
    server.ranges = False
    server.cut_after = [300_000]
    assert ((await fetch(server, tmp_path)) / "model.bin").read_bytes() == DATA


async def test_another_range_than_asked_for_is_not_glued_on(server: FileServer, tmp_path: Path) -> None:
    server.files[PATH] = DATA
    server.cut_after = [300_000]
    server.wrong_range = True
    assert ((await fetch(server, tmp_path)) / "model.bin").read_bytes() == DATA


async def test_a_finished_file_is_not_fetched_again(server: FileServer, tmp_path: Path) -> None:
    server.files[PATH] = DATA
    await fetch(server, tmp_path)
    await fetch(server, tmp_path)
    assert len(server.requests) == 1


async def test_altered_bytes_are_refused_and_thrown_away(server: FileServer, tmp_path: Path) -> None:
    server.files[PATH] = DATA[:-1] + b"!"
    with pytest.raises(ModelUnavailable, match=r"model\.bin.*SHA-256") as error:
        await fetch(server, tmp_path)
    assert error.value.code == "model_altered"
    assert not list(tmp_path.rglob("model.bin*"))


async def test_more_bytes_than_published_are_not_stored(server: FileServer, tmp_path: Path) -> None:
    server.files[PATH] = DATA + DATA
    with pytest.raises(ModelUnavailable, match="larger"):
        await fetch(server, tmp_path)
    assert all(path.stat().st_size <= len(DATA) for path in tmp_path.rglob("*.part"))


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_what_a_hub_does_not_offer_is_not_asked_for_twice(
    server: FileServer, tmp_path: Path, status: int
) -> None:
    server.statuses = [status]
    with pytest.raises(ModelUnavailable, match=f"HTTP {status}"):
        await fetch(server, tmp_path)
    assert len(server.requests) == 1


async def test_a_busy_hub_is_asked_again(server: FileServer, tmp_path: Path) -> None:
    server.files[PATH] = DATA
    server.statuses = [503, 429]
    assert ((await fetch(server, tmp_path)) / "model.bin").read_bytes() == DATA


async def test_a_stall_ends(server: FileServer, tmp_path: Path) -> None:
    server.files[PATH] = DATA
    server.stall_after = [100_000, 0, 0, 0, 0]
    with pytest.raises(ModelUnavailable, match="nothing arrived in time"):
        await fetch(server, tmp_path, silence=0.2)
    assert (tmp_path / "files" / "model.bin.part").stat().st_size == 100_000


async def test_no_server_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_source, "PAUSE", 0.0)
    with pytest.raises(ModelUnavailable, match=r"127\.0\.0\.1 broke off"):
        await fetch(FileServer(url="http://127.0.0.1:9"), tmp_path)
