"""The wires ``kaikou bench live`` can speak: how a caller's sound travels, and what comes back.

One class a wire. A wire says how a session is asked for and how a frame of sound is packed, and
reads each message of the server as a :class:`Heard`; the load itself (``load``) knows no protocol.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

import orjson
import pybase64

from kaikou.audio import g711
from kaikou.audio.pcm import Pcm

Message = str | bytes
Kind = Literal["open", "refused", "noticed", "audio", "done", "error", "other"]


class Heard(NamedTuple):
    """One message of the server: ``open`` the session stands, ``refused`` it will not, ``noticed`` the
    server says that the caller speaks, ``audio`` sound of a reply, ``done`` a reply is over."""

    kind: Kind
    reply: str = ""
    """Of audio and done: which reply. Empty where the wire has no names for them."""
    text: str = ""
    """Of refused and error: the reason. Of done: how it ended."""


_OTHER = Heard("other")


class Wire(Protocol):
    """What the load needs to know of a protocol."""

    @property
    def name(self) -> str:
        """As ``--wire`` takes it."""

    @property
    def path(self) -> str:
        """Where it is served, for a url without a path."""

    @property
    def rate(self) -> int:
        """Hz of the caller's sound."""

    @property
    def frame_seconds(self) -> float:
        """Sound in one message."""

    @property
    def greeted(self) -> bool:
        """The server speaks first: callers wait for ``open`` or ``refused``."""

    def opening(self, silence_ms: int) -> Sequence[Message]:
        """Sent once the session is open; asks for turns that end after ``silence_ms``."""

    def pack(self, sound: Pcm) -> list[Message]:
        """Sound of whole frames as messages: packed once, sent many times and by every caller."""

    def read(self, message: Message) -> Heard:
        """What the server said."""


@dataclass(frozen=True, slots=True)
class RealtimeWire:
    """``/v1/realtime``, the OpenAI Realtime API: base64 in JSON."""

    name: str = "realtime"
    kind: Literal["audio/pcm", "audio/pcmu"] = "audio/pcm"
    rate: int = 24_000
    path: str = "/v1/realtime"
    frame_seconds: float = 0.02
    greeted: bool = True

    def opening(self, silence_ms: int) -> Sequence[Message]:
        audio: dict[str, object] = {"type": self.kind}
        if self.kind == "audio/pcm":
            audio["rate"] = self.rate
        detection = {"type": "server_vad", "silence_duration_ms": silence_ms, "prefix_padding_ms": 200}
        session = {
            "type": "realtime",
            "audio": {"input": {"format": audio, "turn_detection": detection}, "output": {"format": audio}},
        }
        return (orjson.dumps({"type": "session.update", "session": session}).decode(),)

    def pack(self, sound: Pcm) -> list[Message]:
        return [self._append(frame) for frame in frames(sound, self.frame_seconds)]

    def _append(self, int16: bytes) -> str:
        data = int16 if self.kind == "audio/pcm" else g711.encode_int16(int16, "mulaw")
        return f'{{"type":"input_audio_buffer.append","audio":"{pybase64.b64encode_as_string(data)}"}}'

    def read(self, message: Message) -> Heard:
        event = orjson.loads(message)
        match event.get("type"):
            case "response.output_audio.delta" | "response.audio.delta":
                return Heard("audio", event.get("response_id", ""))
            case "response.done":
                response = event["response"]
                return Heard("done", response.get("id", ""), response.get("status", ""))
            case "input_audio_buffer.speech_started":
                return Heard("noticed")
            case "session.created":
                return Heard("open")
            case "error":
                error = event.get("error") or {}
                return Heard("error", text=f"{error.get('code')}: {error.get('message')}")
            case _:
                return _OTHER


def frames(sound: Pcm, seconds: float) -> list[bytes]:
    """Sound in frames of ``seconds``, as 16-bit little-endian bytes."""
    data, size = sound.to_int16(), 2 * round(sound.rate * seconds)
    return [data[start : start + size] for start in range(0, len(data), size)]


WIRES: dict[str, Wire] = {
    "realtime": RealtimeWire(),
    "realtime-g711": RealtimeWire("realtime-g711", "audio/pcmu", 8_000),
}
"""By the name that ``--wire`` takes."""
