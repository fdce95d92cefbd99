"""What the agent says of its own accord: words it is given, recordings, and what tools left for the end
of a reply."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace

from kaikou.dialogue.events import Event, Left
from kaikou.dialogue.reply import Reply
from kaikou.dialogue.replying import Replying
from kaikou.dialogue.rules import plan_reply
from kaikou.dialogue.session import ReplyRequest, SessionConfig
from kaikou.dialogue.sounds import recording
from kaikou.dialogue.waterfall import Waterfall
from kaikou.engines.ports import Delta
from kaikou.errors import LimitReached
from kaikou.settings import Settings
from kaikou.tools.ports import ChangeAgent, Leave, PlayAudio

_MOST_TO_SAY = 8


class Saying:
    """One session's. What waits is said as soon as nothing else is. ``respond`` makes a reply."""

    def __init__(
        self,
        replying: Replying,
        settings: Settings,
        *,
        config: Callable[[], SessionConfig],
        emit: Callable[[Event], None],
        respond: Callable[[ReplyRequest], object],
    ) -> None:
        self._replying = replying
        self._settings = settings
        self._config = config
        self._emit = emit
        self._respond = respond
        self._waiting: deque[str | PlayAudio] = deque()
        self._loop = asyncio.get_running_loop()
        self._closed = False

    def close(self) -> None:
        self._closed = True
        self._waiting.clear()

    def add(self, what: str | PlayAudio, *, interrupt: bool = False) -> None:
        """Say or play it next; ``interrupt`` True: at once, in place of all else. LimitReached
        ``too_much_to_say``."""
        if interrupt:
            self._waiting.clear()
            self._replying.cut("client_cancelled")
        if len(self._waiting) >= _MOST_TO_SAY:
            raise LimitReached(f"{_MOST_TO_SAY} messages wait to be spoken.", code="too_much_to_say")
        self._waiting.append(what)
        self._next()

    def greet(self, text: str) -> None:
        """The first words of a session."""
        self._start(text, Waterfall())

    def reply_ended(self, reply: Reply, *, heard: bool) -> None:
        """Nothing of ``reply`` is left to be heard; ``heard`` False: because it was cut."""
        if heard:
            for effect in reply.later:
                self._follow(reply, effect)
        if self._waiting:
            # A user who waits for an answer, and whoever ended this reply, go first.
            self._loop.call_soon(self._next)

    def _follow(self, reply: Reply, effect: Leave | ChangeAgent | PlayAudio) -> None:
        if self._replying.active:
            return  # the user had the last word, and is answered
        match effect:
            case PlayAudio() if len(self._waiting) < _MOST_TO_SAY:
                self._waiting.append(effect)
            case ChangeAgent():
                if greeting := self._config().greeting:
                    self._waiting.append(greeting)
                else:
                    # Words only: asked again what to call, it might change back.
                    self._respond(ReplyRequest(tool_choice="none"))
            case Leave():
                self._emit(Left(reply.id))

    def _next(self) -> None:
        if not self._waiting or self._replying.current is not None or self._closed:
            return
        what = self._waiting.popleft()
        waterfall = Waterfall(speech_end=self._loop.time())
        if isinstance(what, str):
            self._start(what, waterfall)
            return
        plan = plan_reply(self._config(), self._settings.live)
        longest = self._settings.tools.max_audio_seconds
        sound = recording(what.audio, plan.rate, longest)
        self._replying.play(plan, sound, f"♪ {what.title}".rstrip(), waterfall, longest)

    def _start(self, text: str, waterfall: Waterfall) -> None:
        plan = replace(plan_reply(self._config(), self._settings.live), fixed=True)
        self._replying.start(plan, lambda _reply: _said(text), waterfall)


async def _said(text: str) -> AsyncGenerator[Delta, None]:
    """Fixed words in place of a model's."""
    yield Delta(text=text, finish="stop")
