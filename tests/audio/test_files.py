"""Encoded files decode to what went in; strangers' files do no harm."""

from __future__ import annotations

import io
import struct
import wave
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaikou.audio.decoding import decode, pieces
from kaikou.audio.encoding import FORMATS, Encoder, audio_format, encode, wav_header
from kaikou.audio.opus import OpusEncoder
from kaikou.audio.pcm import Pcm
from kaikou.errors import InvalidInput

FILES = [name for name in FORMATS if name != "pcm"]


def speechlike(rate: int, seconds: float) -> Pcm:
    time = np.arange(round(rate * seconds)) / rate
    samples = 0.4 * np.sin(2 * np.pi * 300 * time) * np.sin(2 * np.pi * 2 * time)
    return Pcm(samples.astype(np.float32), rate)


def best_likeness(a: np.ndarray, b: np.ndarray) -> float:
    """Highest correlation over a shift (codecs add a delay)."""
    size = max(len(a), len(b))
    spectrum = np.fft.rfft(a, 2 * size) * np.conj(np.fft.rfft(b, 2 * size))
    return float(np.fft.irfft(spectrum).max() / np.sqrt((a**2).sum() * (b**2).sum()))


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 24000, 48000])
@pytest.mark.parametrize("name", FILES)
def test_sound_survives_a_file(name: str, rate: int) -> None:
    pcm = speechlike(rate, 1.0)
    back = decode(encode(pcm, name), rate)
    assert back.rate == rate
    assert back.seconds == pytest.approx(1.0, abs=2400 / rate)  # a codec's frames are whole
    assert best_likeness(back.samples, pcm.samples) > 0.97


@pytest.mark.parametrize("name", FILES)
def test_sound_survives_a_stream(name: str) -> None:
    pcm = speechlike(24000, 1.0)
    encoder = Encoder(name, 24000)
    pieces = [encoder.feed(pcm.samples[at : at + 2400]) for at in range(0, 24000, 2400)]
    assert sum(map(len, pieces[:6])) > 0, "bytes come while the audio still goes on"
    back = decode(b"".join(pieces) + encoder.finish(), 24000)
    assert back.seconds == pytest.approx(1.0, abs=0.15)
    assert best_likeness(back.samples, pcm.samples) > 0.97


@given(ints=st.lists(st.integers(-32768, 32767), min_size=1, max_size=400))
@settings(deadline=None)
@pytest.mark.parametrize("name", ["wav", "flac"])
def test_lossless_files_keep_every_bit(name: str, ints: list[int]) -> None:
    data = struct.pack(f"<{len(ints)}h", *ints)
    pcm = Pcm.from_int16(data, 16000)
    assert decode(encode(pcm, name), 16000).to_int16() == data


def test_wav_is_read_by_others() -> None:
    pcm = speechlike(24000, 0.25)
    with wave.open(io.BytesIO(encode(pcm))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 24000)
        assert file.readframes(file.getnframes()) == pcm.to_int16()


def test_bare_pcm_is_16_bits() -> None:
    pcm = speechlike(24000, 0.25)
    assert encode(pcm, "pcm") == pcm.to_int16()


def test_stereo_of_another_rate_is_mixed_and_resampled(tmp_path: Path) -> None:
    path = tmp_path / "stereo.wav"
    left = (12000 * np.sin(2 * np.pi * 440 * np.arange(44100) / 44100)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44100)
        file.writeframes(np.stack((left, np.zeros_like(left)), axis=1).tobytes())
    pcm = decode(path, 16000)
    assert pcm.seconds == pytest.approx(1.0, abs=0.01)
    wanted = np.sin(2 * np.pi * 440 * np.arange(len(pcm)) / 16000)
    assert best_likeness(pcm.samples, wanted) > 0.99


def test_a_video_gives_its_sound() -> None:
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as container:
        video = container.add_stream("mpeg4", rate=10)
        video.width = video.height = 32
        sound = container.add_stream("aac", rate=16000, layout="mono")
        for n in range(10):
            picture = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
            picture.pts = n
            container.mux(video.encode(picture))
        frame = av.AudioFrame.from_ndarray(speechlike(16000, 1).samples[None], format="fltp", layout="mono")
        frame.sample_rate = 16000
        container.mux(sound.encode(frame))
        container.mux(video.encode(None))
        container.mux(sound.encode(None))
    assert decode(file.getvalue()).seconds == pytest.approx(1.0, abs=0.2)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 1000,
        b"this is a letter, not a song",
        wav_header(16000, 0),
        encode(speechlike(16000, 0.2), "flac")[:60],
        b"\x89PNG\r\n\x1a\n" + bytes(100),
    ],
    ids=["empty", "zeros", "text", "no samples", "cut off", "picture"],
)
def test_what_is_no_audio_is_said_to_be_unreadable(data: bytes) -> None:
    with pytest.raises(InvalidInput) as refused:
        decode(data)
    assert refused.value.code == "unreadable_audio"
    assert refused.value.hint


def test_a_playlist_opens_no_other_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret.wav"
    secret.write_bytes(encode(speechlike(16000, 1)))
    for text in (
        f"ffconcat version 1.0\nfile {secret}\n",
        f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{secret}\n#EXT-X-ENDLIST\n",
        f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{secret}\n#EXT-X-ENDLIST\n",
    ):
        playlist = tmp_path / "list.m3u8"
        playlist.write_text(text)
        for source in (playlist, text.encode()):
            with pytest.raises(InvalidInput):
                decode(source)


def test_bounds_count_what_is_decoded() -> None:
    silence = encode(Pcm.silence(30, 16000), "flac")
    with pytest.raises(InvalidInput) as long:
        decode(silence, max_seconds=10)
    assert long.value.code == "audio_too_long"
    with pytest.raises(InvalidInput) as large:
        decode(silence, max_bytes=100)
    assert large.value.code == "audio_too_large"


def test_a_bomb_of_one_sample_a_second_is_refused() -> None:
    with pytest.raises(InvalidInput):
        decode(wav_header(1, 40_000) + bytes(40_000))


def test_damage_in_the_middle_costs_only_its_part() -> None:
    data = bytearray(encode(speechlike(16000, 4), "mp3"))
    data[len(data) // 2 : len(data) // 2 + 400] = bytes(400)
    assert decode(bytes(data)).seconds > 3


@given(data=st.data(), name=st.sampled_from(FILES))
@settings(deadline=None, max_examples=60)
def test_no_damage_does_harm(data: st.DataObject, name: str) -> None:
    file = bytearray(encode(speechlike(16000, 0.3), name))
    for _ in range(data.draw(st.integers(1, 6))):
        file[data.draw(st.integers(0, len(file) - 1))] = data.draw(st.integers(0, 255))
    try:
        assert decode(bytes(file), max_seconds=60).seconds <= 60
    except InvalidInput as error:
        assert error.code in {"unreadable_audio", "audio_too_long"}


def test_a_sound_track_of_no_known_format_is_unreadable() -> None:
    file = bytearray(encode(speechlike(16000, 0.3), "wav"))
    file[34] = 77  # bits a sample
    with pytest.raises(InvalidInput) as refused:
        decode(bytes(file))
    assert refused.value.code == "unreadable_audio"


def test_an_unknown_format_is_named() -> None:
    with pytest.raises(InvalidInput, match="wma") as refused:
        audio_format("wma")
    assert "mp3" in refused.value.hint


@pytest.mark.parametrize("rate", [16000, 22050, 24000])
def test_a_p3_file_is_played_but_for_what_is_damaged(rate: int, tmp_path: Path) -> None:
    pcm, encoder = speechlike(16000, 1.8), OpusEncoder(16000, 60)
    packets = [encoder.encode(pcm.samples[at : at + 960]) for at in range(0, len(pcm), 960)]
    packets.insert(3, b"")
    song = tmp_path / "song.P3"
    song.write_bytes(b"".join(struct.pack(">BBH", 0, 0, len(one)) + one for one in packets) + b"\0\0\2\0cut")
    found = list(pieces(song, rate))
    assert len(found) == 2 and all(part.dtype == np.float32 for part in found)
    sound = np.concatenate(found)
    assert len(sound) == pytest.approx(1.8 * rate, abs=2)
    assert best_likeness(sound, speechlike(rate, 1.8).samples) > 0.9
    song.write_bytes(b"\0\0\0\0" * 9)
    with pytest.raises(InvalidInput, match="no Opus packets"):
        list(pieces(song, rate))
