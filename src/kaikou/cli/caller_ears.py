"""A caller's ears: when a reply's audio came, when it was over, how long it went on when talked into."""

from __future__ import annotations

import asyncio
import time

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from kaikou.cli.load_values import Caller
from kaikou.cli.wires import Message, Wire

STREAMING_SECONDS = 0.25
"""A reply without an end on the wire counts as under way so long after its last audio."""


class Ears:
    """Reads one socket and notes when a reply's audio came and when it was over."""

    def __init__(self, wire: Wire, caller: Caller) -> None:
        self.done = asyncio.Event()
        """The reply whose audio was heard is over."""
        self.first_audio: float | None = None
        self.last_cut_audio: float | None = None
        self.noticed_at: float | None = None
        self._wire = wire
        self._caller = caller
        self._last_audio = 0.0
        self._reply = ""
        self._cut: str | None = None
        self._open_reply = False

    @property
    def under_way(self) -> bool:
        """More audio of a reply is to be expected."""
        if self._reply:
            return self._open_reply
        return self._open_reply and time.perf_counter() - self._last_audio < STREAMING_SECONDS

    @property
    def over(self) -> bool:
        """The reply was heard to its end, or the line is dead."""
        return self.done.is_set() or (self.first_audio is not None and not self.under_way)

    @property
    def cut_is_named(self) -> bool:
        """Audio of the interrupted reply can be told from that of the next one."""
        return bool(self._cut)

    def reset(self) -> None:
        """A turn begins."""
        self.first_audio = None
        self.done.clear()

    def interrupted(self) -> None:
        """The caller begins to talk into the reply that is heard now."""
        self.reset()
        self._cut, self.last_cut_audio, self.noticed_at = self._reply, None, None

    def stop_cutting(self) -> None:
        """Audio that comes from now on is no longer the interrupted reply's."""
        self._cut = None

    async def listen(self, socket: ClientConnection) -> None:
        """Until the connection ends."""
        try:
            async for message in socket:
                self.take(message)
        except ConnectionClosed as error:
            self._caller.errors.append(f"closed: {error.rcvd.reason if error.rcvd else 'connection lost'}")
        finally:
            self.done.set()

    def take(self, message: Message) -> None:
        """One message of the server."""
        heard = self._wire.read(message)
        if heard.kind == "audio":
            now = time.perf_counter()
            if self._cut is not None and heard.reply == self._cut:
                self.last_cut_audio = now
                return
            self._last_audio, self._reply, self._open_reply = now, heard.reply, True
            if self.first_audio is None:
                self.first_audio = now
        elif heard.kind == "done":
            if heard.reply == self._reply:
                self._open_reply = False
            # A reply thrown away before any sound (the turn went on) is no answer.
            if self.first_audio is not None or heard.text == "failed":
                self.done.set()
        elif heard.kind == "noticed":
            if self._cut is not None and self.noticed_at is None:
                self.noticed_at = time.perf_counter()
        elif heard.kind in ("error", "refused"):
            self._caller.errors.append(heard.text)
