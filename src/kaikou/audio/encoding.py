"""PCM to the bytes of an audio file or of an HTTP stream: WAV, MP3, Opus, AAC, FLAC, bare PCM."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import cast

import av
import av.audio
import av.container
import numpy as np

from kaikou.audio.pcm import Pcm, Samples
from kaikou.audio.resampling import Resampler
from kaikou.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of audio file. ``rates`` the sample rates it can hold, rising; empty: any."""

    name: str
    media_type: str
    container: str = ""
    codec: str = ""
    sample_format: str = "s16"
    rates: tuple[int, ...] = ()
    bitrate: int | None = None

    def rate(self, wanted: int) -> int:
        """The rate the file will have for audio at ``wanted`` Hz: never less if that is possible."""
        if not self.rates or wanted in self.rates:
            return wanted
        return next((rate for rate in self.rates if rate > wanted), self.rates[-1])


_MPEG_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
FORMATS = {
    entry.name: entry
    for entry in (
        Format("wav", "audio/wav"),
        Format("pcm", "audio/pcm"),
        Format("mp3", "audio/mpeg", "mp3", "libmp3lame", "fltp", _MPEG_RATES, 64_000),
        Format("opus", "audio/ogg", "ogg", "libopus", "flt", (8000, 12000, 16000, 24000, 48000), 32_000),
        Format("aac", "audio/aac", "adts", "aac", "fltp", _MPEG_RATES, 64_000),
        Format("flac", "audio/flac", "flac", "flac", "s16"),
    )
}
"""By name, as ``response_format`` of speech APIs calls them. ``pcm`` is 16 bits, little-endian."""

_STREAMED = {
    "opus": {"page_duration": "60000"},  # microseconds; Ogg would hold back a second
    "mp3": {"write_xing": "0", "id3v2_version": "0"},  # they tell a length that is not known
}


def audio_format(name: str) -> Format:
    """The format called ``name``; InvalidInput ``unsupported_format`` where there is none."""
    try:
        return FORMATS[name]
    except KeyError:
        raise InvalidInput(
            f"Audio cannot be written as {name[:40]!r}.",
            code="unsupported_format",
            hint=f"Use one of {', '.join(FORMATS)}.",
            param="response_format",
        ) from None


def encode(pcm: Pcm, format: str = "wav", *, bitrate: int | None = None) -> bytes:
    """A whole file. Blocking: run it on the pool."""
    chosen = audio_format(format)
    if chosen.name == "wav":
        data = pcm.to_int16()
        return wav_header(pcm.rate, len(data)) + data
    encoder = Encoder(format, pcm.rate, bitrate=bitrate, seekable=True)
    encoder.feed(pcm.samples)
    return encoder.finish()


def wav_header(rate: int, size: int | None) -> bytes:
    """The 44 bytes before ``size`` bytes of 16-bit mono samples; None where the end is not known
    yet, which players take as "until the stream ends"."""
    size = 0xFFFFFFFF - 36 if size is None else size
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", size + 36, b"WAVE"),
        *(b"fmt ", 16, 1, 1, rate, rate * 2, 2, 16),
        *(b"data", size),
    )


class Encoder:
    """Audio in pieces to the bytes of one file, as they come. Blocking: run it on the pool.

    Unless ``seekable``, what ``feed`` returned is final and may be sent at once; a seekable file
    comes whole from ``finish``, with its length in the header.
    """

    def __init__(self, format: str, rate: int, *, bitrate: int | None = None, seekable: bool = False) -> None:
        self.format = audio_format(format)
        self.rate = self.format.rate(rate)
        """Hz of the samples in the file."""
        self._resampler = Resampler(rate, self.rate)
        self._seekable = seekable
        self._file = io.BytesIO() if seekable else _Stream()
        self._container: av.container.OutputContainer | None = None
        if self.format.container:
            self._open(bitrate)
        elif self.format.name == "wav":
            self._file.write(wav_header(self.rate, None))

    def feed(self, samples: Samples) -> bytes:
        """float32 mono samples; the bytes that are ready, possibly none."""
        self._write(self._resampler.process(samples))
        return b"" if self._seekable else self._taken()

    def finish(self) -> bytes:
        """The rest; nothing may follow."""
        self._write(self._resampler.flush())
        if self._container is not None:
            for packet in self._stream.encode(None):
                self._container.mux(packet)
            self._container.close()
        return self._file.getvalue() if self._seekable else self._taken()

    def _open(self, bitrate: int | None) -> None:
        options = {} if self._seekable else _STREAMED.get(self.format.name, {})
        self._container = av.open(self._file, mode="w", format=self.format.container, options=options)
        self._stream = cast(
            av.AudioStream, self._container.add_stream(self.format.codec, rate=self.rate, layout="mono")
        )
        self._stream.format = av.AudioFormat(self.format.sample_format)
        if chosen := bitrate or self.format.bitrate:
            self._stream.bit_rate = chosen
        if self.format.name == "opus":
            self._stream.options = {"application": "voip"}

    def _write(self, samples: Samples) -> None:
        if self._container is None:
            self._file.write(Pcm(samples, self.rate).to_int16())
            return
        if not len(samples):
            return
        if self.format.sample_format == "s16":
            data = np.frombuffer(Pcm(samples, self.rate).to_int16(), np.int16)
        else:
            data = np.clip(samples, -1.0, 1.0)
        frame = av.AudioFrame.from_ndarray(data[None, :], format=self.format.sample_format, layout="mono")
        frame.sample_rate = self.rate
        for packet in self._stream.encode(frame):
            self._container.mux(packet)

    def _taken(self) -> bytes:
        data = self._file.getvalue()
        self._file.seek(0)
        self._file.truncate()
        return data


class _Stream(io.BytesIO):
    """Bytes on their way out: FFmpeg must not go back to correct a header already sent."""

    def seekable(self) -> bool:
        return False
