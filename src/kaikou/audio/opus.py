"""Opus packets (RFC 6716): bare, one packet for each message of a live protocol, no container.

Calls libopus through ctypes: the copy inside PyAV's wheel, else the system's. (FFmpeg's own way
would decode to 48 kHz only and cannot conceal a lost packet.) With the least effort, 60 ms of speech
are encoded in 0.1 ms and decoded in 0.03 (measured on one server core), so live code does both on the
event loop. Ogg Opus files are ``encoding.py``'s.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import weakref
from functools import cache
from pathlib import Path
from typing import Any, Literal

import av
import numpy as np
from numpy.typing import NDArray

from kaikou.audio.pcm import Pcm, Samples
from kaikou.errors import InvalidInput, KaikouError

Int16 = NDArray[np.int16]

RATES = (8000, 12000, 16000, 24000, 48000)
FRAME_MS = (5, 10, 20, 40, 60)
_MOST_BYTES = 1275 * 3 + 7  # three full frames of 20 ms and their table of lengths
_MOST_SECONDS = 0.12  # RFC 6716: a packet holds at most 120 ms

# From opus_defines.h
_APPLICATION = {"voip": 2048, "audio": 2049, "low-delay": 2051}
_SET_BITRATE, _SET_COMPLEXITY, _SET_INBAND_FEC = 4002, 4010, 4012
_SET_PACKET_LOSS, _SET_DTX, _GET_LOOKAHEAD = 4014, 4016, 4027
_RESET_STATE = 4028


def _candidates() -> list[str]:
    """Where libopus may lie: beside PyAV (Linux and Windows, then macOS), then the system's."""
    package = Path(av.__file__).parent
    wheel = [
        *sorted((package.parent / "av.libs").glob("libopus-*")),
        *sorted((package / ".dylibs").glob("libopus.*dylib")),
    ]
    system = ctypes.util.find_library("opus")
    return [*map(str, wheel), *([system] if system else [])]


@cache
def _library() -> ctypes.CDLL:
    for name in _candidates():
        try:
            return _declare(ctypes.CDLL(name))
        except (OSError, AttributeError):
            continue  # another architecture, or not libopus: the next one may do
    raise KaikouError(
        "The Opus codec was not found on this machine.",
        code="codec_missing",
        hint="Install PyAV from its wheel (`pip install --force-reinstall av`), or the system's libopus.",
    )


@cache
def _holding(library: ctypes.CDLL) -> ctypes.CDLL:
    """The same library, called with the interpreter's lock held: decoding a packet takes 30 µs, and giving
    the lock away and getting it back nearly as long."""
    return _declare(ctypes.PyDLL(library._name))


def _declare(lib: ctypes.CDLL) -> ctypes.CDLL:
    """Types of the functions used. The ``ctl`` calls are variadic: only their fixed part is typed."""
    pointer, number = ctypes.c_void_p, ctypes.c_int32
    error = ctypes.POINTER(ctypes.c_int)
    lib.opus_strerror.restype = ctypes.c_char_p
    lib.opus_strerror.argtypes = [ctypes.c_int]
    lib.opus_encoder_create.restype = lib.opus_decoder_create.restype = pointer
    lib.opus_encoder_create.argtypes = [number, ctypes.c_int, ctypes.c_int, error]
    lib.opus_decoder_create.argtypes = [number, ctypes.c_int, error]
    lib.opus_encoder_destroy.argtypes = lib.opus_decoder_destroy.argtypes = [pointer]
    lib.opus_encoder_destroy.restype = lib.opus_decoder_destroy.restype = None
    lib.opus_encoder_ctl.argtypes = lib.opus_decoder_ctl.argtypes = [pointer, ctypes.c_int]
    lib.opus_encode_float.argtypes = [pointer, pointer, ctypes.c_int, ctypes.c_char_p, number]
    lib.opus_encode_float.restype = number
    lib.opus_encode.argtypes = lib.opus_encode_float.argtypes
    lib.opus_encode.restype = number
    lib.opus_decode_float.argtypes = [
        pointer,
        ctypes.c_char_p,
        number,
        pointer,
        ctypes.c_int,
        ctypes.c_int,
    ]
    return lib


def _checked(result: int) -> int:
    """libopus answers less than zero for an error."""
    if result < 0:
        raise RuntimeError(f"libopus: {_library().opus_strerror(result).decode()}")
    return result


def _check_rate(rate: int) -> None:
    if rate not in RATES:
        raise InvalidInput(
            f"Opus does not know a sample rate of {rate} Hz.",
            code="invalid_sample_rate",
            hint=f"Use one of {', '.join(map(str, RATES))}.",
        )


_FRAMES_MS = (*((10.0, 20.0, 40.0, 60.0) * 3), *((10.0, 20.0) * 2), *((2.5, 5.0, 10.0, 20.0) * 4))
"""Length of a frame by the configuration in a packet's first byte (RFC 6716, table 2)."""


def packet_ms(packet: bytes) -> float | None:
    """Milliseconds of sound in a packet by its header; None where it is no Opus packet by the rules of
    RFC 6716, section 3.4. The sound itself is not looked at."""
    if not packet:
        return None
    frame, kind, rest = _FRAMES_MS[packet[0] >> 3], packet[0] & 3, len(packet) - 1
    if kind == 3:
        if rest < 1:
            return None
        count = packet[1] & 63
    else:
        count = 1 if kind == 0 else 2
    if kind == 1 and rest % 2:
        return None
    if kind == 2 and (rest < 1 or packet[1] > rest):
        return None
    length = frame * count
    return length if 0 < length <= _MOST_SECONDS * 1000 and rest <= 1276 * count else None


class OpusEncoder:
    """Mono PCM to packets of ``frame_ms``. One stream's state: not for two threads at once.

    ``bitrate`` in bits a second; ``complexity`` 0..10 (processor time against quality);
    ``loss`` the percentage of packets expected to be lost, above 0 each packet carries a coarse
    copy of the one before (in-band FEC); ``dtx`` sends next to nothing in silence.
    """

    def __init__(
        self,
        rate: int,
        frame_ms: int = 60,
        *,
        bitrate: int = 24_000,
        complexity: int = 5,
        application: Literal["voip", "audio", "low-delay"] = "voip",
        loss: int = 0,
        dtx: bool = False,
    ) -> None:
        _check_rate(rate)
        if frame_ms not in FRAME_MS:
            raise InvalidInput(
                f"Opus packets of {frame_ms} ms are not possible.",
                code="invalid_frame_duration",
                hint=f"Use one of {', '.join(map(str, FRAME_MS))} ms.",
            )
        self.rate = rate
        self.frame = rate * frame_ms // 1000
        """Samples a packet holds."""
        self._lib = _library()
        error = ctypes.c_int()
        self._state = self._lib.opus_encoder_create(rate, 1, _APPLICATION[application], error)
        _checked(error.value)
        self._free = weakref.finalize(self, self._lib.opus_encoder_destroy, self._state)
        self._set(_SET_BITRATE, bitrate)
        self._set(_SET_COMPLEXITY, complexity)
        self._set(_SET_INBAND_FEC, int(loss > 0))
        self._set(_SET_PACKET_LOSS, loss)
        self._set(_SET_DTX, int(dtx))
        self._held: NDArray[Any] = np.zeros(0, np.float32)
        self._packet = ctypes.create_string_buffer(_MOST_BYTES)

    @property
    def delay(self) -> float:
        """Seconds by which decoded audio is late against what was encoded."""
        samples = ctypes.c_int32()
        _checked(self._lib.opus_encoder_ctl(self._state, _GET_LOOKAHEAD, ctypes.byref(samples)))
        return samples.value / self.rate

    def encode(self, samples: Samples | Int16) -> bytes:
        """One packet of exactly ``frame`` samples at ``rate`` Hz, float32 or int16 (else ValueError)."""
        if len(samples) != self.frame:
            raise ValueError(f"a frame has {self.frame} samples, not {len(samples)}")
        return self._packets(samples)[0]

    def _packets(self, samples: Samples | Int16) -> list[bytes]:
        """One packet for each ``frame`` samples."""
        whole = samples.dtype == np.int16
        code = self._lib.opus_encode if whole else self._lib.opus_encode_float
        data: NDArray[Any] = np.ascontiguousarray(samples, np.int16 if whole else np.float32)
        place, packets = data.__array_interface__["data"][0], []
        for _ in range(len(data) // self.frame):
            size = code(self._state, place, self.frame, self._packet, _MOST_BYTES)
            packets.append(ctypes.string_at(self._packet, _checked(size)))
            place += self.frame * data.itemsize
        return packets

    def feed(self, samples: Samples | Int16) -> list[bytes]:
        """Any number of samples in, float32 or int16 but one of them for all of a stream; the packets they
        fill out come back, the rest waits for more."""
        held: NDArray[Any] = np.concatenate((self._held, samples)) if len(self._held) else samples
        whole = len(held) - len(held) % self.frame
        self._held = held[whole:]
        return self._packets(held[:whole]) if whole else []

    def flush(self) -> list[bytes]:
        """The waiting rest as one packet, filled up with silence; nothing if there is none."""
        if not len(self._held):
            return []
        return self.feed(np.zeros(self.frame - len(self._held), self._held.dtype))

    def reset(self) -> None:
        """Forget the stream so far (and samples that wait), for the next utterance."""
        self._held = np.zeros(0, np.float32)
        _checked(self._lib.opus_encoder_ctl(self._state, _RESET_STATE))

    def _set(self, name: int, value: int) -> None:
        _checked(self._lib.opus_encoder_ctl(self._state, name, ctypes.c_int32(value)))


class OpusDecoder:
    """Packets of any length, mono or stereo, to mono PCM at ``rate`` Hz, whatever rate they were
    made at. One stream's state: not for two threads at once."""

    def __init__(self, rate: int) -> None:
        _check_rate(rate)
        self.rate = rate
        self._lib = _holding(_library())
        error = ctypes.c_int()
        self._state = self._lib.opus_decoder_create(rate, 1, error)
        _checked(error.value)
        self._free = weakref.finalize(self, self._lib.opus_decoder_destroy, self._state)
        self._room = np.empty(round(rate * _MOST_SECONDS), np.float32)
        self._place = self._room.ctypes.data
        self._last = rate * 60 // 1000

    def decode(self, packet: bytes) -> Pcm:
        """The packet's audio. A broken one is InvalidInput ``invalid_opus_packet`` and leaves the
        stream usable. (Not every damage shows: random bytes may decode, as noise.)"""
        if not packet:
            raise _broken("it is empty")
        count = self._lib.opus_decode_float(self._state, packet, len(packet), self._place, len(self._room), 0)
        if count < 0:
            raise _broken(self._lib.opus_strerror(count).decode())
        self._last = count
        return Pcm(self._room[:count].copy(), self.rate)

    def conceal(self, following: bytes | None = None) -> Pcm:
        """Audio in the place of one lost packet, as long as the last one: from the coarse copy in
        the packet ``following`` it where that is known, else continued from what was heard."""
        data, fec = (following, 1) if following else (None, 0)
        count = self._lib.opus_decode_float(self._state, data, len(data or b""), self._place, self._last, fec)
        if count < 0:
            raise _broken(self._lib.opus_strerror(count).decode())
        return Pcm(self._room[:count].copy(), self.rate)

    def reset(self) -> None:
        """Forget the stream so far, before an unrelated one."""
        _checked(self._lib.opus_decoder_ctl(self._state, _RESET_STATE))


def _broken(why: str) -> InvalidInput:
    return InvalidInput(
        f"An Opus packet cannot be decoded: {why}.",
        code="invalid_opus_packet",
        hint="Send one bare Opus packet a message, without Ogg or any other container.",
    )
