"""The hello: what a device can do and sends, and what it will get."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from kaikou.audio.opus import RATES

FRAME_MS = 60
AudioFormat = Literal["opus", "pcm"]


@dataclass(frozen=True, slots=True)
class ClientHello:
    """A device's hello; what it leaves out is what the firmware sends."""

    format: AudioFormat = "opus"
    rate: int = 16_000
    """Hz of the sound it sends; matters for PCM only, an Opus packet is decoded at any rate."""
    mcp: bool = False
    aec: bool = False


def read_hello(message: Mapping[str, Any]) -> ClientHello:
    """Never fails: what makes no sense is taken as left out."""
    features, audio = _mapping(message.get("features")), _mapping(message.get("audio_params"))
    rate = audio.get("sample_rate")
    return ClientHello(
        format="pcm" if audio.get("format") == "pcm" else "opus",
        rate=rate if isinstance(rate, int) and rate in RATES else 16_000,
        mcp=features.get("mcp") is True,
        aec=features.get("aec") is True,
    )


def server_hello(
    session_id: str,
    transport: str,
    hello: ClientHello,
    output_rate: int,
    more: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The answer. It states the rate the sound really has: a device decodes at what it is told.
    ``more`` is what the transport adds."""
    return {
        "type": "hello",
        "version": 1,
        "transport": transport,
        "session_id": session_id,
        "audio_params": {
            "format": hello.format,
            "sample_rate": output_rate,
            "channels": 1,
            "frame_duration": FRAME_MS,
        },
        **(more or {}),
    }


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
