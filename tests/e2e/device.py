"""A device at a running server: calls in, connects, answers its MCP server's calls."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread
from time import sleep
from typing import Any

import httpx
import numpy as np
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from kaikou.audio.opus import OpusEncoder
from kaikou.audio.pcm import Pcm

TOOLS = [
    {
        "name": "self.get_device_status",
        "description": "How the device is.",
        "inputSchema": {"type": "object", "properties": {}},
    },
    {
        "name": "self.audio_speaker.set_volume",
        "description": "Set the volume.",
        "inputSchema": {
            "type": "object",
            "properties": {"volume": {"type": "integer", "minimum": 0, "maximum": 100}},
            "required": ["volume"],
        },
    },
]


@dataclass
class SimulatedDevice:
    """Its address, and what it was told. ``volume`` is what its own tool sets."""

    url: str
    mac: str = "aa:bb:cc:dd:ee:01"
    volume: int = 60
    battery: int = 72
    heard: list[dict[str, Any]] = field(default_factory=list)
    socket: ClientConnection | None = None

    def call_in(self) -> dict[str, Any]:
        """The first call: the time, a token, and a code while it is not bound."""
        body = {"application": {"version": "1.8.0"}, "board": {"type": "bread-compact", "name": "Breadboard"}}
        headers = {"Device-Id": self.mac, "Client-Id": "11111111-2222-3333-4444-555555555555"}
        answer = httpx.post(f"{self.url}/xiaozhi/ota/", json=body, headers=headers)
        found: dict[str, Any] = answer.raise_for_status().json()
        return found

    @property
    def code(self) -> str:
        return str(self.call_in()["activation"]["code"])

    @contextmanager
    def connected(self) -> Iterator[SimulatedDevice]:
        """Woken: said hello, and answers in a thread until it leaves."""
        headers = {
            "Authorization": f"Bearer {self.call_in()['websocket']['token']}",
            "Device-Id": self.mac,
            "Client-Id": "11111111-2222-3333-4444-555555555555",
            "Protocol-Version": "1",
        }
        address = self.url.replace("http", "ws") + "/xiaozhi/v1/"
        with connect(address, additional_headers=headers, compression=None, proxy=None) as socket:
            self.socket = socket
            audio = {"format": "opus", "sample_rate": 16_000, "channels": 1, "frame_duration": 60}
            hello = {"type": "hello", "version": 1, "transport": "websocket", "audio_params": audio}
            socket.send(json.dumps({**hello, "features": {"mcp": True}}))
            thread = Thread(target=self._live, args=(socket,), daemon=True)
            thread.start()
            yield self
        thread.join(10)

    def say(self, sound: Pcm) -> None:
        """Speak to the server for one turn: ``sound`` (16 kHz) and silence, in their own time."""
        assert self.socket is not None
        self.socket.send(json.dumps({"type": "listen", "state": "start", "mode": "auto"}))
        encoder = OpusEncoder(16_000, 60)
        quiet = np.zeros(960, np.float32)
        samples = np.concatenate([np.tile(quiet, 5), sound.samples, np.tile(quiet, 35)])
        for start in range(0, len(samples) - 959, 960):
            self.socket.send(encoder.encode(samples[start : start + 960]))
            sleep(0.06)

    def told(self, kind: str) -> list[dict[str, Any]]:
        return [one for one in self.heard if one["type"] == kind]

    def _live(self, socket: ClientConnection) -> None:
        try:
            for message in socket:
                if isinstance(message, bytes):
                    continue
                said = json.loads(message)
                self.heard.append(said)
                if said["type"] == "mcp" and (answer := self._answer(said["payload"])) is not None:
                    socket.send(json.dumps({"type": "mcp", "payload": answer}))
        except ConnectionClosed:
            return

    def _answer(self, asked: dict[str, Any]) -> dict[str, Any] | None:
        match asked.get("method"):
            case "initialize":
                result: dict[str, Any] = {"serverInfo": {"name": "board", "version": "1.8.0"}}
            case "tools/list":
                result = {"tools": TOOLS}
            case "tools/call":
                result = {"content": [{"type": "text", "text": self._called(asked["params"])}]}
            case _:
                return None
        return {"jsonrpc": "2.0", "id": asked["id"], "result": result}

    def _called(self, params: dict[str, Any]) -> str:
        if params["name"] == "self.audio_speaker.set_volume":
            self.volume = params["arguments"]["volume"]
            return "true"
        status = {
            "audio_speaker": {"volume": self.volume},
            "battery": {"level": self.battery, "charging": False},
            "network": {"type": "wifi", "ssid": "Home", "signal": "strong"},
        }
        return json.dumps(status)
