"""A session's sound as datagrams, encrypted with AES-128 in counter mode.

``u8 type = 1, u8 flags, u16 length, u32 stream, u32 timestamp, u32 sequence``, all big-endian, then the
packet; the sixteen bytes of the header are the counter's first value. Nothing authenticates a
datagram, so one counts only where its header goes on from the last and what it holds is an Opus packet.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import struct
from collections import deque
from collections.abc import Callable
from typing import Any, cast

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

from kaikou.api.xiaozhi.hello import FRAME_MS, AudioFormat
from kaikou.audio.opus import packet_ms

_HEADER = struct.Struct(">BBHIII")
_TYPE, _FLAGS = 1, 0
MOST_BYTES = 8 * 1024
MOST_SKIPPED = 4_096
"""Packets that may be missing in a row: four minutes. A sequence further ahead is not believed, or
one datagram would silence all that follow."""
MOST_HELD = 16
"""Packets kept until it is known where the device is: it is known with its first one."""

Address = tuple[Any, ...]


class Stream:
    """One session's sound both ways. ``hear`` gets the packets, ``drop`` the reasons of those lost."""

    def __init__(
        self,
        endpoint: Datagrams,
        format: AudioFormat,
        hear: Callable[[bytes], None],
        drop: Callable[[str], None],
    ) -> None:
        self.id = endpoint.free_id()
        self._endpoint = endpoint
        self._format = format
        self._hear = hear
        self._drop = drop
        self.key = os.urandom(16)
        cipher = Cipher(AES(self.key), CTR(bytes(16)))
        self._seal, self._unseal = cipher.encryptor(), cipher.decryptor()
        self._address: Address | None = None
        self._held: deque[bytes] = deque(maxlen=MOST_HELD)
        self._sent = 0
        self._timestamp = 0
        self._heard = 0
        """Sequence of the last packet that counted."""
        endpoint.add(self)

    @property
    def nonce(self) -> bytes:
        """The device's template of a header."""
        return _HEADER.pack(_TYPE, _FLAGS, 0, self.id, 0, 0)

    def close(self) -> None:
        self._held.clear()
        self._endpoint.remove(self)

    def pack(self, packet: bytes, timestamp: int) -> bytes:
        """A packet as its datagram. No two have the same time: the counter of the next packet begins one
        further, so that with equal times and lengths two packets would be encrypted alike."""
        self._sent = (self._sent + 1) & 0xFFFFFFFF
        self._timestamp = max(self._timestamp + 1, timestamp + FRAME_MS)
        header = _HEADER.pack(_TYPE, _FLAGS, len(packet), self.id, self._timestamp & 0xFFFFFFFF, self._sent)
        self._seal.reset_nonce(header)
        return header + self._seal.update(packet)

    def send(self, datagram: bytes) -> None:
        """To where the device's last packet came from; kept for a moment while that is not known."""
        if self._address is not None:
            self._endpoint.send(datagram, self._address)
            return
        if len(self._held) == MOST_HELD:
            self._drop("no_address")
        self._held.append(datagram)

    def take(self, datagram: bytes, address: Address) -> None:
        """A datagram that names this stream."""
        _, flags, size, _, _, sequence = _HEADER.unpack_from(datagram)
        if flags != _FLAGS or size != len(datagram) - _HEADER.size or not size:
            self._drop("wrong_size")
            return
        if sequence <= self._heard:
            self._drop("replayed_packet")
            return
        if sequence - self._heard > MOST_SKIPPED:
            self._drop("sequence_too_far")
            return
        self._unseal.reset_nonce(datagram[: _HEADER.size])
        packet = self._unseal.update(datagram[_HEADER.size :])
        if not self._plausible(packet):
            self._drop("broken_audio")
            return
        if sequence > self._heard + 1:
            self._drop("lost_packets")
        self._heard = sequence
        if address != self._address:
            self._address = address
            while self._held:
                self._endpoint.send(self._held.popleft(), address)
        self._hear(packet)

    def _plausible(self, packet: bytes) -> bool:
        return len(packet) % 2 == 0 if self._format == "pcm" else packet_ms(packet) is not None


class Datagrams(asyncio.DatagramProtocol):
    """The one socket for the sound of all devices."""

    def __init__(self, drop: Callable[[str], None]) -> None:
        self._drop = drop
        self._streams: dict[int, Stream] = {}
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if not _HEADER.size < len(data) <= MOST_BYTES or data[0] != _TYPE:
            self._drop("unknown_datagram")
            return
        stream = self._streams.get(int.from_bytes(data[4:8], "big"))
        if stream is None:
            self._drop("unknown_stream")
        else:
            stream.take(data, addr)

    def error_received(self, exc: Exception) -> None:
        """A device that went away: its MQTT connection tells in time."""
        self._drop("unreachable")

    def send(self, datagram: bytes, address: Address) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(datagram, address)

    def free_id(self) -> int:
        """Random, so that whoever does not see the traffic cannot name a stream."""
        while True:
            number = secrets.randbits(32)
            if number not in self._streams:
                return number

    def add(self, stream: Stream) -> None:
        self._streams[stream.id] = stream

    def remove(self, stream: Stream) -> None:
        self._streams.pop(stream.id, None)

    @property
    def streams(self) -> int:
        return len(self._streams)

    @property
    def port(self) -> int:
        assert self._transport is not None
        return int(self._transport.get_extra_info("sockname")[1])

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
