"""The load behind ``kaikou bench live``: many callers on one server, measured outside it.

Every caller connects first; then all of them keep their microphones open, 20 ms at a time, and take
turns. Latency is from the last voiced sample sent to the first audio of the answer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from kaikou.audio.pcm import Pcm
from kaikou.cli.caller_ears import Ears
from kaikou.cli.caller_voice import Voice, prepare
from kaikou.cli.load_values import Caller, Load
from kaikou.cli.wires import Message
from kaikou.errors import KaikouError

OPEN_SECONDS = 20.0
RAMP_SECONDS = 2.0
"""Over which callers connect, and in which they begin their first turns where they keep no schedule."""
SETTLE_SECONDS = 0.5
"""Between the last caller's connection and the first frame: servers set sessions up after that."""
During = Callable[[float], Awaitable[None]]
"""Called once all callers are connected, with the seconds of steady load that follow."""


async def run(load: Load, voice: Pcm, during: During | None = None) -> list[Caller]:
    """All callers to the end. KaikouError when not even one could connect."""
    said = prepare(voice, load.wire, load.pause)
    lines = [Line(load, said, number) for number in range(load.sessions)]
    async with AsyncExitStack() as stack:
        gap = min(RAMP_SECONDS, load.seconds / 4) / load.sessions
        await asyncio.gather(*(line.open(stack, number * gap) for number, line in enumerate(lines)))
        inside = [line for line in lines if line.socket is not None]
        if not inside:
            raise KaikouError(
                f"No session could be opened: {lines[0].caller.refused}", code="server_unreachable"
            )
        watching = asyncio.create_task(_watch(during, load)) if during else None
        begin = time.perf_counter() + SETTLE_SECONDS
        async with asyncio.TaskGroup() as group:
            # Those who are inside share the round evenly, as if they alone had called.
            for number, line in enumerate(inside):
                group.create_task(line.talk(begin, number / len(inside)))
            for number, line in enumerate(line for line in lines if line.socket is None):
                if load.redial is not None:
                    group.create_task(line.call_again(stack, begin, number / load.sessions))
        if watching is not None:
            await watching
    return [line.caller for line in lines]


async def _watch(during: During, load: Load) -> None:
    turns = load.turns
    await during(turns * load.every if turns and load.every else load.seconds)


class Line:
    """One caller on the phone."""

    def __init__(self, load: Load, voice: Voice, number: int) -> None:
        self.caller = Caller()
        self.socket: ClientConnection | None = None
        self._load = load
        self._voice = voice
        # Callers are strangers to each other: neither their turns nor their packets share a beat.
        self._phase = voice.frame_seconds * (number * 0.618034 % 1.0)
        self._clock = 0.0
        self._offset = 0.0
        self._ears = Ears(load.wire, self.caller)

    async def open(self, stack: AsyncExitStack, delay: float) -> None:
        """Connect and ask for the session; a refusal is kept in ``caller.refused``."""
        await asyncio.sleep(delay)
        load, started = self._load, time.perf_counter()
        self.caller.refused = ""
        headers = {"Authorization": f"Bearer {load.key}"} if load.key else {}
        try:
            socket = await connect(
                load.url,
                additional_headers=headers,
                compression=None,
                max_size=None,
                ping_interval=None,
                open_timeout=OPEN_SECONDS,
            )
            stack.push_async_callback(socket.close)
            if load.wire.greeted:
                first = load.wire.read(await asyncio.wait_for(socket.recv(), OPEN_SECONDS))
                if first.kind in ("error", "refused"):
                    self._turned_away(first.text)
                    await socket.close()
                    return
            for message in load.wire.opening(load.silence_ms):
                await socket.send(message)
        except InvalidStatus as error:
            body = error.response.body.decode(errors="replace")[:200]
            self._turned_away(f"HTTP {error.response.status_code} {body}".strip())
        except (OSError, TimeoutError, WebSocketException) as error:
            self._turned_away(str(error) or type(error).__name__)
        else:
            self.caller.connecting = time.perf_counter() - started
            self.socket = socket

    def _turned_away(self, why: str) -> None:
        self.caller.refused = why
        self.caller.refusals += 1

    async def call_again(self, stack: AsyncExitStack, begin: float, share: float) -> None:
        """Dial each ``redial`` seconds while there are turns to take, and talk once let in."""
        load = self._load
        assert load.redial is not None
        last = begin + ((load.turns or 1) - 1) * load.every if load.every else begin + load.seconds
        delay = share * load.redial
        while self.socket is None and time.perf_counter() + delay < last:
            await self.open(stack, delay)
            delay = load.redial
        if self.socket is not None:
            await self.talk(begin, share)

    async def talk(self, begin: float, share: float) -> None:
        """Turns until the time is over; the microphone never stops sending. ``share`` (0..1) of a round goes
        by before the first turn."""
        assert self.socket is not None
        load = self._load
        self._offset = share * (load.every or min(RAMP_SECONDS, load.seconds / 4))
        self._clock = max(begin, time.perf_counter()) + self._phase
        listening = asyncio.create_task(self._ears.listen(self.socket))
        try:
            await self._quiet_until(begin + self._offset)
            if self._load.every is not None:
                await self._on_schedule(begin)
            else:
                await self._in_conversation(begin + self._load.seconds)
        except ConnectionClosed:
            pass  # the ears have noted why
        except (OSError, WebSocketException) as error:
            self.caller.errors.append(str(error) or type(error).__name__)
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening

    async def _on_schedule(self, begin: float) -> None:
        """A turn each ``every`` seconds. All callers send until the last one's last turn is over."""
        load, turns = self._load, self._load.turns
        assert load.every is not None and turns is not None
        joined = self._clock - self._voice.frame_seconds
        for number in range(turns):
            due = begin + self._offset + number * load.every
            if due < joined:
                continue  # it was let in after that
            await self._quiet_until(due)
            self.caller.overrun += self._ears.under_way
            spoken = await self._turn()
            if load.interrupt is not None:
                await self._interrupt(spoken, due + load.every)
            else:
                await self._quiet_until(due + load.every)
                self._count(spoken)
        await self._quiet_until(begin + (turns + 1) * load.every)

    async def _in_conversation(self, until: float) -> None:
        """The next turn follows the answer to the last one."""
        load = self._load
        while time.perf_counter() < until:
            spoken = await self._turn()
            latest = spoken + load.reply_timeout
            if load.interrupt is not None:
                await self._interrupt(spoken, latest)
            else:
                while not self._ears.over and time.perf_counter() < latest:
                    await self._send(self._voice.silence)
                self._count(spoken)
            await self._quiet_until(time.perf_counter() + load.think)

    async def _turn(self) -> float:
        """Say it once; returns when its last voiced sample was sent."""
        self.caller.turns += 1
        self._ears.reset()
        for frame in self._voice.frames:
            await self._send(frame)
        spoken = time.perf_counter()
        if self._ears.first_audio is not None:
            self.caller.early += 1
            self._ears.reset()
        return spoken

    def _count(self, spoken: float) -> None:
        if self._ears.first_audio is not None:
            self.caller.answered += 1
            self.caller.latencies.append(self._ears.first_audio - spoken)

    async def _interrupt(self, spoken: float, latest: float) -> None:
        """Wait for the reply, talk into it, and see how long it goes on; then wait for the next
        reply's end, so that the next turn is one of its own again."""
        ears, load = self._ears, self._load
        assert load.interrupt is not None
        while ears.first_audio is None and time.perf_counter() < latest:
            await self._send(self._voice.silence)
        self._count(spoken)
        if ears.first_audio is None:
            return
        await self._quiet_until(ears.first_audio + load.interrupt)
        under_way = ears.under_way
        ears.interrupted()
        self.caller.turns += 1
        onset = 0.0
        for number, frame in enumerate(self._voice.frames):
            await self._send(frame)
            if number == self._voice.onset:
                onset = (
                    self._clock - self._voice.frame_seconds
                )  # a frame's first sample is as old as the frame
        spoken = time.perf_counter()
        if not ears.cut_is_named:
            ears.stop_cutting()
        while not ears.over and time.perf_counter() < latest:
            await self._send(self._voice.silence)
        self._count(spoken)
        if not under_way:
            self.caller.too_late += 1
            return
        self.caller.cuts.append(max(0.0, (ears.last_cut_audio or onset) - onset))
        if ears.noticed_at is not None:
            self.caller.told.append(max(0.0, ears.noticed_at - onset))

    async def _quiet_until(self, when: float) -> None:
        while time.perf_counter() < when:
            await self._send(self._voice.silence)

    async def _send(self, frame: Message) -> None:
        """A microphone gives a frame away once it is full: wait first, then send."""
        assert self.socket is not None
        self._clock += self._voice.frame_seconds
        wait = self._clock - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        self.caller.lags.append(max(0.0, time.perf_counter() - self._clock))
        await self.socket.send(frame)
