"""Any audio or video file to mono PCM, with bounds on what a stranger may send."""

from __future__ import annotations

import io
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import IO

import av
import av.container
import numpy as np

from kaikou.audio.p3 import p3_pieces
from kaikou.audio.pcm import Pcm, Samples
from kaikou.errors import InvalidInput

# Containers that hold their sound themselves. Playlists (HLS, concat, DASH) are left out: they
# name other files and addresses, which FFmpeg would open on a stranger's behalf.
_FORMATS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,flac,flv,gsm,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mp3,mpeg,"
    "mpegts,ogg,oma,opus,rm,tta,voc,w64,wav,wv"
)
_OPTIONS = {"format_whitelist": _FORMATS, "protocol_whitelist": "none"}
_RATES = range(4_000, 384_001)


def decode(
    source: bytes | bytearray | memoryview | Path | IO[bytes],
    rate: int = 16_000,
    *,
    max_seconds: float = 4 * 3600,
    max_bytes: int = 2 * 1024**3,
) -> Pcm:
    """The first sound track of a file, mixed to mono, at ``rate`` Hz. Blocking: run it on the pool.

    A damaged part in the middle is skipped. Raises InvalidInput ``unreadable_audio`` when nothing
    can be read, ``audio_too_large`` and ``audio_too_long`` beyond the bounds; the duration counts
    what is decoded, not what a header claims.
    """
    if isinstance(source, Path):
        with source.open("rb") as opened:
            return decode(opened, rate, max_seconds=max_seconds, max_bytes=max_bytes)
    file: IO[bytes] = io.BytesIO(source) if isinstance(source, bytes | bytearray | memoryview) else source
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if size > max_bytes:
        raise InvalidInput(
            f"The audio file is too large: {size / 1e6:.0f} MB, allowed are {max_bytes / 1e6:.0f} MB.",
            code="audio_too_large",
            hint="Send it in parts, or compressed (MP3, Opus).",
        )
    parts: list[Samples] = []
    length = 0
    try:
        with av.open(file, mode="r", options=_OPTIONS, metadata_errors="replace") as container:
            for part in _samples(container, rate):
                length += len(part)
                if length > max_seconds * rate:
                    raise InvalidInput(
                        f"The audio is longer than {max_seconds / 60:g} minutes.",
                        code="audio_too_long",
                        hint="Cut it into shorter parts.",
                    )
                parts.append(part)
    except (av.FFmpegError, ValueError, OverflowError) as error:
        raise unreadable("it is damaged, or of an unknown format") from error
    if not length:
        raise unreadable("there is no sound in it")
    return Pcm(np.concatenate(parts), rate)


def pieces(source: bytes | Path, rate: int) -> Generator[Samples, None, None]:
    """The same in pieces of about a second, decoded as they are asked for: for recordings that are
    played, however long. A path may name a ``.p3`` file. Blocking. Raises InvalidInput
    ``unreadable_audio``, OSError."""
    with source.open("rb") if isinstance(source, Path) else io.BytesIO(source) as file:
        if isinstance(source, Path) and source.suffix.lower() == ".p3":
            yield from p3_pieces(file, rate)
            return
        held: list[Samples] = []
        try:
            with av.open(file, mode="r", options=_OPTIONS, metadata_errors="replace") as container:
                for part in _samples(container, rate):
                    held.append(part)
                    if sum(map(len, held)) >= rate:
                        yield np.concatenate(held)
                        held.clear()
        except (av.FFmpegError, ValueError, OverflowError) as error:
            raise unreadable("it is damaged, or of an unknown format") from error
        if held:
            yield np.concatenate(held)


def unreadable(why: str) -> InvalidInput:
    """The error for audio that cannot be understood."""
    return InvalidInput(
        f"The audio cannot be read: {why}.",
        code="unreadable_audio",
        hint="Send a complete WAV, MP3, FLAC, Ogg, WebM or M4A file.",
    )


def _samples(container: av.container.InputContainer, rate: int) -> Iterator[Samples]:
    """Mono float32 at ``rate``, in pieces as they are decoded."""
    if not container.streams.audio:
        raise unreadable("there is no sound track in it")
    stream = container.streams.audio[0]
    if stream.codec_context is None:
        raise unreadable("its sound is in an unknown format")
    stream.codec_context.thread_count = 1
    resampler = av.AudioResampler(format="flt", layout="mono", rate=rate)
    for frame in _frames(container, stream):
        if frame.sample_rate not in _RATES:
            # Also a bomb: at 1 Hz a few bytes become hours.
            raise unreadable(f"a sample rate of {frame.sample_rate} Hz is not usable")
        frame.pts = None  # gaps and jumps in a file's clock must not be filled with silence
        for piece in resampler.resample(frame):
            yield piece.to_ndarray()[0]
    for piece in resampler.resample(None):
        yield piece.to_ndarray()[0]


def _frames(container: av.container.InputContainer, stream: av.AudioStream) -> Iterator[av.AudioFrame]:
    broken: av.FFmpegError | None = None
    whole = 0
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            break
        except av.FFmpegError as error:  # the rest of the file is lost, what came before is not
            broken = error
            break
        try:
            for frame in packet.decode():
                if isinstance(frame, av.AudioFrame):
                    whole += 1
                    yield frame
        except av.FFmpegError as error:
            broken = error
    if broken is not None and not whole:
        raise broken
