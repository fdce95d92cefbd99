"""What the agent says of its own accord: words it is given, recordings, and what tools left for the end
of a reply."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, replace

from kaikou.dialogue.events import Event, Left
from kaikou.dialogue.session import ReplyRequest, SessionConfig
from kaikou.dialogue.speaking.plan import plan_reply
from kaikou.dialogue.speaking.reply import Reply
from kaikou.dialogue.speaking.replying import Replying
from kaikou.dialogue.speaking.sounds import recording
from kaikou.dialogue.waterfall import Waterfall
from kaikou.engines.ports import Delta
from kaikou.errors import LimitReached
from kaikou.settings.tree import Settings
from kaikou.tools.ports import ChangeAgent, Leave, PlayAudio

_LOOK_AGAIN_SECONDS = 0.3
_ENOUGH_MS = 500.0
"""Heard of words before they were cut, so that they count as told."""

Told = Callable[[bool], None]
"""Called once: True when the words were told, False when nothing of them will be."""


@dataclass(frozen=True, slots=True)
class _Wish:
    what: str | PlayAudio
    told: Told | None = None


class Saying:
    """One session's. What waits is said as soon as nothing else is, by the agent or the user
    (``user_speaks``). ``respond`` makes a reply."""

    def __init__(
        self,
        replying: Replying,
        settings: Settings,
        *,
        config: Callable[[], SessionConfig],
        emit: Callable[[Event], None],
        respond: Callable[[ReplyRequest], object],
        user_speaks: Callable[[], bool],
    ) -> None:
        self._replying = replying
        self._settings = settings
        self._config = config
        self._emit = emit
        self._respond = respond
        self._user_speaks = user_speaks
        self._waiting: deque[_Wish] = deque()
        self._told: dict[str, Told] = {}
        """By the reply that says it."""
        self._recording: Reply | None = None
        """What was played last; it may be over."""
        self._look_again: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._closed = False

    def close(self) -> None:
        self._closed = True
        if self._look_again is not None:
            self._look_again.cancel()
        self._give_up()

    def add(self, what: str | PlayAudio, *, interrupt: bool = False, told: Told | None = None) -> None:
        """Say or play it next; ``interrupt`` True: at once, in place of all else. A recording ends for
        words: it may be hours long, and an alarm can't wait for that. LimitReached ``too_much_to_say``."""
        if interrupt:
            self._give_up()
            self._replying.cut("client_cancelled")
        most = self._settings.live.max_unspoken
        if len(self._waiting) >= most:
            raise LimitReached(
                f"{most} messages wait to be spoken.",
                code="too_much_to_say",
                hint="Wait until some were, or raise live.max_unspoken.",
            )
        self._waiting.append(_Wish(what, told))
        if isinstance(what, str) and self._recording is not None:
            if self._replying.current is self._recording:
                self._replying.cut("client_cancelled")
            self._recording = None
        self._next(over_user=interrupt)

    def greet(self, text: str) -> None:
        """The first words of a session."""
        self._start(text, Waterfall())

    def reply_ended(self, reply: Reply, *, heard: bool) -> None:
        """Nothing of ``reply`` is left to be heard; ``heard`` False: because it was cut."""
        if reply is self._recording:
            self._recording = None
        if (told := self._told.pop(reply.id, None)) is not None:
            enough = heard or reply.track.played_ms(self._loop.time()) >= _ENOUGH_MS
            told(enough and reply.error is None)
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
            case PlayAudio() if len(self._waiting) < self._settings.live.max_unspoken:
                self._waiting.append(_Wish(effect))
            case ChangeAgent():
                if greeting := self._config().greeting:
                    self._waiting.append(_Wish(greeting))
                else:
                    # Words only: asked again what to call, it might change back.
                    self._respond(ReplyRequest(tool_choice="none"))
            case Leave():
                self._emit(Left(reply.id))

    def _give_up(self) -> None:
        """What waits will not be said."""
        waiting, self._waiting = self._waiting, deque()
        for wish in waiting:
            if wish.told is not None:
                wish.told(False)

    def _next(self, *, over_user: bool = False) -> None:
        if not self._waiting or self._replying.current is not None or self._closed:
            return
        if self._look_again is not None:
            self._look_again.cancel()
            self._look_again = None
        if self._user_speaks() and not over_user:
            # Their turn may be answered, or come to nothing: nobody tells when nothing comes of it.
            self._look_again = self._loop.call_later(_LOOK_AGAIN_SECONDS, self._next)
            return
        wish = self._waiting.popleft()
        what = wish.what
        waterfall = Waterfall(speech_end=self._loop.time())
        if isinstance(what, str):
            reply = self._start(what, waterfall)
            if wish.told is not None:
                self._told[reply.id] = wish.told
            return
        plan = plan_reply(self._config(), self._settings.live)
        longest = self._settings.tools.max_audio_seconds
        sound = recording(what.audio, plan.rate, longest)
        self._recording = self._replying.play(plan, sound, f"♪ {what.title}".rstrip(), waterfall, longest)

    def _start(self, text: str, waterfall: Waterfall) -> Reply:
        plan = replace(plan_reply(self._config(), self._settings.live), fixed=True)
        return self._replying.start(plan, lambda _reply: _said(text), waterfall)


async def _said(text: str) -> AsyncGenerator[Delta, None]:
    """Fixed words in place of a model's."""
    yield Delta(text=text, finish="stop")
