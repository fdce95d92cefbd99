"""Codes, tokens, firmware and the registry over both databases' repository."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from kaikou.devices.codes import BindingCodes
from kaikou.devices.device import Sighting, device_id_of, short
from kaikou.devices.firmware import FirmwareStore, numeric_version, version_key
from kaikou.devices.registry import DeviceRegistry
from kaikou.devices.tokens import DeviceTokens
from kaikou.errors import InvalidInput, KaikouError, LimitReached, NotFound
from kaikou.settings.tree import Settings
from kaikou.store.database import Database
from kaikou.store.devices import DeviceRepository
from kaikou.store.records import now

MAC = "aa:bb:cc:dd:ee:01"
IMAGE = b"\xe9" + bytes(99)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    "text", ["AA:BB:CC:DD:EE:01", "aa-bb-cc-dd-ee-01", "aabbccddee01", " aa:bb:cc:dd:ee:01 "]
)
def test_device_ids_are_addresses_in_one_form(text: str) -> None:
    assert device_id_of(text) == MAC


@pytest.mark.parametrize(
    "text", ["", "unknown", "aa:bb:cc:dd:ee", "../../etc", "aa:bb:cc:dd:ee:0g", MAC + ":02"]
)
def test_anything_else_is_no_device(text: str) -> None:
    with pytest.raises(InvalidInput):
        device_id_of(text)


def test_what_devices_tell_is_bounded() -> None:
    assert short("a\x00b\nc" * 100, 10) == "abcabcabca" and short(7) == "" and short(None) == ""


# -- codes


def test_a_code_is_the_devices_until_it_is_used_or_expires() -> None:
    clock = Clock()
    codes = BindingCodes(600, clock=clock)
    sighting = Sighting(MAC, "c")
    code = codes.issue(sighting)
    assert len(code) == 6 and code.isdecimal() and codes.issue(sighting) == code
    clock.now += 599
    assert codes.of(MAC) == code
    clock.now += 1
    assert codes.of(MAC) is None
    again = codes.issue(sighting)
    assert codes.redeem(f" {again[:3]} {again[3:]} ") == sighting
    with pytest.raises(InvalidInput, match="No device waits"):
        codes.redeem(again)


def test_what_a_device_told_stays_known_when_it_calls_again_and_says_less() -> None:
    codes = BindingCodes(600)
    told = Sighting(MAC, "c", model="esp32s3", language="en-US", address="10.0.0.5")
    code = codes.issue(told)
    assert codes.issue(Sighting(MAC, "c", address="10.0.0.6")) == code
    known = codes.redeem(code)
    assert (known.model, known.language, known.address) == ("esp32s3", "en-US", "10.0.0.6")


def test_a_code_may_be_typed_in_full_width() -> None:
    codes = BindingCodes(600)
    code = codes.issue(Sighting(MAC))
    assert codes.redeem(code.translate({ord("0") + n: ord("０") + n for n in range(10)})).id == MAC


def test_guessing_is_slowed_down() -> None:
    clock = Clock()
    codes = BindingCodes(600, clock=clock)
    code = codes.issue(Sighting(MAC))
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    for _ in range(10):
        with pytest.raises(InvalidInput):
            codes.redeem(wrong)
    with pytest.raises(LimitReached):
        codes.redeem(code)  # the right one too: it could have been guessed
    clock.now += 61
    assert codes.redeem(code).id == MAC


def test_waiting_devices_are_bounded() -> None:
    codes = BindingCodes(600, most=3, of_address=2)
    first, second = (codes.issue(Sighting(f"m{n}", address="a")) for n in range(2))
    with pytest.raises(LimitReached):
        codes.issue(Sighting("m2", address="a"))
    assert first != second
    codes.issue(Sighting("m3", address="b"))
    codes.issue(Sighting("m4", address="c"))
    assert [one.sighting.id for one in codes.waiting] == ["m1", "m3", "m4"]  # the oldest gave way


# -- tokens


def test_tokens_hold_for_one_device_and_time() -> None:
    clock = Clock()
    tokens = DeviceTokens(b"key", 100, clock)
    token = tokens.issue(MAC, "client")
    assert "=" not in token and token.endswith(".1000000")
    assert tokens.valid(token, MAC, "client")
    assert DeviceTokens(b"key", 100, clock).valid(token, MAC, "client"), "a restart changes nothing"
    assert not tokens.valid(token, MAC, "other") and not tokens.valid(token, "other", "client")
    assert not DeviceTokens(b"another", 100, clock).valid(token, MAC, "client")
    clock.now += 100
    assert not tokens.valid(token, MAC, "client")
    clock.now -= 1000
    assert not tokens.valid(token, MAC, "client"), "made in the future"


@pytest.mark.parametrize("token", ["", ".", "x.", ".1", "a.b", "é.1000000", "x." + "9" * 400, "x.１２"])
def test_broken_tokens_are_refused_quietly(token: str) -> None:
    assert not DeviceTokens(b"key", 100).valid(token, MAC, "client")


# -- firmware


def test_versions_compare_as_numbers() -> None:
    assert version_key("2.0.10") > version_key("2.0.9") > version_key("2") == version_key("2.0.0")
    assert version_key("2.1.0-beta") == version_key("2.1")
    assert [numeric_version(one) for one in ("v1.2.3", "2.0.0-rc1", "", "beta", "1.x.2")] == [
        "1.2.3", "2.0.0", "0.0.0", "0.0.0", "1.0.2",
    ]  # fmt: skip


async def test_firmware_is_offered_newest_first(tmp_path: Path) -> None:
    store = FirmwareStore(tmp_path / "firmware", max_bytes=1000)
    assert await store.all() == ()
    for version in ("1.9.0", "1.10.0"):
        await store.add("bread-compact", version, IMAGE)
    await store.add("other_board", "9.0.0", IMAGE)
    newest = await store.newer("bread-compact", "1.9.0")
    assert newest is not None and (newest.version, newest.size) == ("1.10.0", 100)
    assert await store.newer("bread-compact", "1.10") is None and await store.newer("none", "1") is None
    assert (await store.path(newest.name)).read_bytes() == IMAGE
    await store.delete(newest.name)
    with pytest.raises(NotFound):
        await store.delete(newest.name)


@pytest.mark.parametrize(
    "name", ["../kaikou.db", "..", ".bin", "a/b.bin", "x.bin\n", "%2e%2e.bin", "link.bin", "a.txt"]
)
async def test_downloads_stay_in_their_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "kaikou.db").write_text("secret")
    folder = tmp_path / "firmware"
    folder.mkdir()
    (folder / "link.bin").symlink_to(tmp_path / "kaikou.db")
    with pytest.raises(NotFound):
        await FirmwareStore(folder, 1000).path(name)


@pytest.mark.parametrize(
    ("model", "version", "data"),
    [("../x", "1.0", IMAGE), ("", "1.0", IMAGE), ("m", "1.0-beta", IMAGE), ("m", "", IMAGE),
     ("m", "２.0", IMAGE), ("m", "1", b"MZ"), ("m", "1", b""), ("m", "1", b"\xe9" + bytes(1000))],
)  # fmt: skip
async def test_what_is_no_firmware_is_refused(tmp_path: Path, model: str, version: str, data: bytes) -> None:
    with pytest.raises(InvalidInput) as caught:
        await FirmwareStore(tmp_path, max_bytes=1000).add(model, version, data)
    assert caught.value.code == "invalid_firmware" and list(tmp_path.iterdir()) == []


# -- the registry


async def test_a_device_is_bound_found_renamed_and_forgotten(tmp_path: Path) -> None:
    database = await Database.open(Settings(data_dir=tmp_path))
    changes: list[tuple[str, str]] = []
    registry = DeviceRegistry(
        DeviceRepository(database),
        FirmwareStore(tmp_path, 1000),
        DeviceTokens(b"key", 100),
        BindingCodes(600),
        on_change=lambda one, change: changes.append((one, change)),
    )
    try:
        sighting = Sighting(MAC, "client", model="m", board="Board", firmware="1.0.0")
        assert await registry.sighted(sighting) is None
        device = await registry.bind(registry.code_for(sighting), "partner", "厨房")
        assert (device.name, device.agent_id, device.model) == ("厨房", "partner", "m")
        # It tells what it is now; nothing told changes nothing.
        seen = await registry.sighted(Sighting(MAC, "client", firmware="1.1.0"))
        assert seen is not None and (seen.firmware, seen.board) == ("1.1.0", "Board")
        assert (await registry.get(MAC)).firmware == "1.1.0"
        # Another installation under the same address has to be bound again, and keeps its name then.
        assert await registry.sighted(Sighting(MAC, "thief")) is None
        again = await registry.bind(registry.code_for(Sighting(MAC, "reflashed")))
        assert (again.name, again.client_id) == ("厨房", "reflashed") and len(await registry.all()) == 1
        changed = await registry.change(MAC, {"alias": "", "agent_id": None, "auto_update": False})
        assert (changed.name, changed.agent_id, changed.auto_update) == ("Board", None, False)
        with pytest.raises(KaikouError):
            await registry.change(MAC, {"alias": "x" * 61})
        with pytest.raises(NotFound) as offline:
            registry.connected(MAC)
        assert offline.value.code == "device_offline"
        await registry.unbind(MAC)
        assert await registry.all() == () and await registry.sighted(sighting) is None
        with pytest.raises(NotFound):
            await registry.unbind(MAC)
        with pytest.raises(NotFound):
            await registry.restore(MAC, -1.0)
        assert await registry.restore(MAC, 60.0) == changed
        assert await registry.restore(MAC, 60.0) == changed, "it is there already"
        await registry.unbind(MAC)
        assert await DeviceRepository(database).purge(now() + timedelta(seconds=1)) == (MAC,)
        with pytest.raises(NotFound):
            await registry.restore(MAC, 60.0)
        assert [change for _, change in changes] == [
            "waiting",
            "bound",
            "waiting",
            "bound",
            "changed",
            "unbound",
            "bound",
            "unbound",
        ]
    finally:
        await database.close()
