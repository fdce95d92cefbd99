"""Files of the ESP32 world that end in ``.p3``: Opus packets of 60 ms, each behind four bytes of header.

``u8 type (0), u8 reserved, u16 length (big-endian), packet``; mono, made at 16 kHz. They have no mark to be
known by: the name says what they are.
"""

from __future__ import annotations

import struct
from collections.abc import Generator
from typing import IO

import numpy as np

from kaikou.audio.opus import OpusDecoder
from kaikou.audio.pcm import Samples
from kaikou.audio.resampling import Resampler
from kaikou.errors import InvalidInput

_HEADER = struct.Struct(">BBH")
_RATE = 16_000


def p3_pieces(file: IO[bytes], rate: int) -> Generator[Samples, None, None]:
    """Mono float32 at ``rate`` Hz, about a second at a time. A packet that is damaged is skipped, a cut end
    left out. Blocking. Raises InvalidInput ``unreadable_audio`` where nothing in it is sound, OSError."""
    decoder, resampler = OpusDecoder(_RATE), Resampler(_RATE, rate)
    held: list[Samples] = []
    whole = 0
    while len(head := file.read(_HEADER.size)) == _HEADER.size:
        length = _HEADER.unpack(head)[2]
        packet = file.read(length)
        if len(packet) < length:
            break
        try:
            sound = decoder.decode(packet)
        except InvalidInput:
            continue
        whole += 1
        held.append(resampler.process(sound.samples))
        if sum(map(len, held)) >= rate:
            yield np.concatenate(held)
            held.clear()
    if not whole:
        raise InvalidInput(
            "The audio cannot be read: there are no Opus packets in it.",
            code="unreadable_audio",
            hint="A .p3 file is Opus packets, each behind its length.",
        )
    yield np.concatenate([*held, resampler.flush()])
