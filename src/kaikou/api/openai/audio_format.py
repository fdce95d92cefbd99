"""Audio as it travels: base64 of 16-bit PCM at some rate, or of G.711."""

from __future__ import annotations

import binascii
from dataclasses import dataclass

import pybase64

from kaikou.audio import g711
from kaikou.audio.pcm import Pcm
from kaikou.audio.resampling import resample
from kaikou.errors import InvalidInput

LAWS: dict[str, g711.Law] = {"audio/pcmu": "mulaw", "audio/pcma": "alaw"}


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """``type`` as named on the wire, ``rate`` in Hz (always 8000 for G.711)."""

    type: str = "audio/pcm"
    rate: int = 24_000

    @property
    def sample_bytes(self) -> int:
        return 2 if self.type == "audio/pcm" else 1

    def decode(self, text: str, param: str = "audio") -> Pcm:
        """Audio from base64. InvalidInput ``invalid_base64`` or ``invalid_audio``."""
        try:
            data = pybase64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise InvalidInput(
                f"{param!r} is not valid base64.", code="invalid_base64", param=param
            ) from None
        if self.type != "audio/pcm":
            return g711.decode(data, LAWS[self.type])
        if len(data) & 1:
            raise InvalidInput(
                f"{param!r} holds {len(data)} bytes, but 16-bit samples take two bytes each.",
                code="invalid_audio",
                param=param,
            )
        return Pcm.from_int16(data, self.rate)

    def encode(self, int16: bytes) -> str:
        """Base64 of little-endian 16-bit samples at ``rate``."""
        if self.type != "audio/pcm":
            int16 = g711.encode_int16(int16, LAWS[self.type])
        return pybase64.b64encode_as_string(int16)

    def encode_pcm(self, pcm: Pcm) -> str:
        """Base64 of audio at any rate; blocking for a few ms per minute of audio."""
        return self.encode(resample(pcm, self.rate).to_int16())

    def wire(self) -> dict[str, object]:
        if self.type == "audio/pcm":
            return {"type": self.type, "rate": self.rate}
        return {"type": self.type}
