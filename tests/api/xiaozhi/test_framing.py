"""Golden bytes of the four framings, and frames that lie."""

from __future__ import annotations

import pytest

from kaikou.api.xiaozhi.framing import BadFrame, Frame, Framing, framing_of

PACKET = b"\x78\x01\x02"
GOLDEN = {
    "1": PACKET,
    "2": bytes.fromhex("0002 0000 00000000 0000003c 00000003") + PACKET,
    "3": bytes.fromhex("00 00 0003") + PACKET,
    "mqtt": bytes.fromhex("01 00 0003 00000001 0000003c 00000003") + PACKET,
}


@pytest.mark.parametrize("version", GOLDEN)
def test_golden_bytes(version: str) -> None:
    framing = Framing(version)  # type: ignore[arg-type]
    assert framing.pack(PACKET, 60) == GOLDEN[version]
    timestamp = 60 if version in ("2", "mqtt") else 0
    assert framing.unpack(GOLDEN[version]) == Frame(PACKET, timestamp)


def test_the_gateway_counts_its_packets_and_time_wraps() -> None:
    framing = Framing("mqtt")
    framing.pack(PACKET, 0)
    assert framing.pack(PACKET, 2**32 + 1)[4:12] == bytes.fromhex("00000002 00000001")


def test_version_two_may_carry_json() -> None:
    frame = Framing("2").unpack(bytes.fromhex("0002 0001 00000000 00000000 00000002") + b"{}")
    assert frame.json and frame.payload == b"{}"


@pytest.mark.parametrize(
    ("version", "message", "why"),
    [
        ("1", b"", "empty_frame"),
        ("1", bytes(9000), "too_long"),
        ("2", GOLDEN["2"][:15], "short_frame"),
        ("2", GOLDEN["2"] + b"x", "wrong_size"),
        ("2", GOLDEN["2"][:-1], "wrong_size"),
        ("2", b"\x00\x03" + GOLDEN["2"][2:], "unknown_frame"),
        ("2", bytes.fromhex("0002 0000 00000000 00000000 00000000"), "empty_frame"),
        ("3", b"\x00\x00\xff\xff" + PACKET, "wrong_size"),
        ("3", b"\x07\x00\x00\x03" + PACKET, "unknown_frame"),
        ("mqtt", b"\x02" + GOLDEN["mqtt"][1:], "unknown_frame"),
        ("mqtt", GOLDEN["mqtt"] + PACKET, "wrong_size"),
    ],
)
def test_frames_that_lie_are_named(version: str, message: bytes, why: str) -> None:
    with pytest.raises(BadFrame, match=why):
        Framing(version).unpack(message)  # type: ignore[arg-type]


def test_the_handshake_chooses() -> None:
    assert [framing_of(text, gateway=False).version for text in ("1", "2", " 3", "", "9")] == [
        "1",
        "2",
        "3",
        "1",
        "1",
    ]
    assert framing_of("3", gateway=True).version == "mqtt"
