"""The agent's side of a session: the reply that is heard, the one that is guessed, and how
either ends.

At most one reply speaks in the conversation (``current``); at most one is prepared unheard
(``guess``); out-of-band replies run beside them and touch neither history nor the turn machine.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from dataclasses import dataclass
from functools import partial

from kaikou.audio.pcm import Pcm
from kaikou.dialogue.events import (
    AudioDone,
    Event,
    Interrupted,
    PlaybackEnded,
    PlaybackPaused,
    PlaybackResumed,
    ReplyReason,
    ReplyStarted,
    ReplyStatus,
)
from kaikou.dialogue.history import History
from kaikou.dialogue.speaking.pacer import EARLY_MS, Pacer
from kaikou.dialogue.speaking.phrases import Mouth
from kaikou.dialogue.speaking.plan import ReplyPlan
from kaikou.dialogue.speaking.reply import Reply
from kaikou.dialogue.speaking.reply_items import ReplyItems
from kaikou.dialogue.tasks import TaskOwner
from kaikou.dialogue.waterfall import Waterfall
from kaikou.engines.ports import Delta
from kaikou.errors import InvalidInput, KaikouError, as_kaikou_error

Think = Callable[[Reply], AsyncGenerator[Delta, None]]
"""Begins to think what a reply shall say."""

_PLAYED_OUT_MS = 50
"""A reply of which no more than this is missing was heard."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A reply begun before the turn was sure."""

    generation: int
    reply: Reply
    task: asyncio.Task[None]


class Replying:
    """Owns the session's replies. ``on_ended`` is called when nothing of a reply is left to hear,
    True with it if it was heard to its end."""

    def __init__(
        self,
        history: History,
        mouth: Mouth,
        pacer: Pacer,
        tasks: TaskOwner,
        *,
        emit: Callable[[Event], None],
        on_began: Callable[[], None],
        on_ending: Callable[[], None],
        on_ended: Callable[[Reply, bool], None],
        engines: tuple[tuple[str, str], ...],
        reply_seconds: float,
    ) -> None:
        self.current: Reply | None = None
        self.guess: Guess | None = None
        self.others: dict[str, Reply] = {}
        self._history = history
        self._items = ReplyItems(history, emit, engines)
        self._mouth = mouth
        self._pacer = pacer
        self._tasks = tasks
        self._emit = emit
        self._on_began = on_began
        self._on_ending = on_ending
        self._on_ended = on_ended
        self._reply_seconds = reply_seconds
        self._loop = asyncio.get_running_loop()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._tail: asyncio.TimerHandle | None = None
        self._last: Reply | None = None
        """The reply that was played out last, as far as is known here."""
        self._detached = False
        self._held = False
        """The user may be saying something: the reply waits."""

    # -- beginning

    def begin(self, generation: int, plan: ReplyPlan, think: Think, fall: Waterfall) -> None:
        """Prepare a reply unheard."""
        self.discard()
        reply = self._make(plan, fall, held=True)
        task = self._tasks.spawn(self._run(reply, lambda: reply.run(think(reply))), "guess")
        self.guess = Guess(generation, reply, task)

    def discard(self) -> None:
        """The guess was wrong: stop it; nobody knew of it."""
        if self.guess is not None:
            self.guess.task.cancel()
            self.guess = None

    def release(self, generation: int) -> Reply | None:
        """Let the guessed reply be heard, if there is one for this generation and it did not fail."""
        guess, self.guess = self.guess, None
        if guess is None:
            return None
        if guess.generation != generation or guess.reply.error is not None:
            guess.task.cancel()
            return None
        self._running[guess.reply.id] = guess.task
        self._open(guess.reply)
        guess.reply.release()
        if guess.reply.made:
            self._made(guess.reply)
        else:
            self._pump(guess.reply, self._loop.time())
        return guess.reply

    def start(self, plan: ReplyPlan, think: Think, fall: Waterfall) -> Reply:
        """Make a reply that is heard from its first sound."""
        reply = self._begun(plan, fall)
        making = self._run(reply, lambda: reply.run(think(reply)))
        self._running[reply.id] = self._tasks.spawn(making, "reply")
        return reply

    def play(
        self, plan: ReplyPlan, sound: AsyncGenerator[Pcm, None], title: str, fall: Waterfall, longest: float
    ) -> Reply:
        """A recording in place of a reply, of at most ``longest`` seconds."""
        reply = self._begun(plan, fall)
        playing = self._run(reply, lambda: reply.play(sound, title), longest + self._reply_seconds)
        self._running[reply.id] = self._tasks.spawn(playing, "recording")
        return reply

    def _begun(self, plan: ReplyPlan, fall: Waterfall) -> Reply:
        self.discard()
        if plan.in_conversation and self.active:
            raise InvalidInput(
                "A reply is under way already.",
                code="conversation_already_has_active_response",
                hint="Wait for it to end, or cancel it first.",
            )
        reply = self._make(plan, fall, held=False)
        self._open(reply)
        return reply

    @property
    def active(self) -> bool:
        """A reply of the conversation has not ended yet (it may still be silent)."""
        return self.current is not None and not self.current.finished

    def _make(self, plan: ReplyPlan, fall: Waterfall, *, held: bool) -> Reply:
        return Reply(plan, self._mouth, fall, emit=self._report, held=held)

    def _open(self, reply: Reply) -> None:
        if reply.plan.in_conversation:
            self._forget_tail()
            self.current, self._last, self._held = reply, None, False
            self._items.keep(reply)
            self._on_began()
        else:
            self.others[reply.id] = reply
        self._emit(
            ReplyStarted(
                reply.id, reply.item_id, reply.plan.audio, reply.plan.in_conversation, reply.plan.metadata
            )
        )
        reply.track.paused = self._detached
        self._pacer.add(id(reply), partial(self._beat, reply))

    async def _run(
        self, reply: Reply, make: Callable[[], Coroutine[None, None, None]], longest: float | None = None
    ) -> None:
        longest = self._reply_seconds if longest is None else longest
        try:
            async with asyncio.timeout(longest):
                await make()
        except TimeoutError:
            reply.error = KaikouError(
                f"The reply took longer than {longest:.0f} s and was stopped.",
                code="reply_timeout",
                hint="Use a faster model, or raise live.max_reply_seconds.",
            )
        except Exception as error:  # noqa: BLE001 - every turn gets an answer or an error, whatever broke
            reply.error = as_kaikou_error(error, "the reply")
        reply.made = True
        # A guess's end is looked at when it is released.
        if not reply.held:
            self._made(reply)

    def _made(self, reply: Reply) -> None:
        """Nothing more will come of the reply's making."""
        if reply.finished:
            return
        # What was made before it failed is spoken: a voice that breaks off within a word helps nobody.
        reply.track.complete = True
        if not self._pump(reply, self._loop.time()):
            self._pacer.remove(id(reply))

    # -- sending

    def _report(self, event: Event) -> None:
        self._items.report(event, self.current)

    def _beat(self, reply: Reply, now: float) -> bool:
        return now < reply.pumped_until or self._pump(reply, now, EARLY_MS)

    def _pump(self, reply: Reply, now: float, early_ms: float = 0.0) -> bool:
        more = reply.pump(now, early_ms)
        if not more and not reply.finished:
            if reply.plan.audio and reply.track.sent_ms:
                self._emit(AudioDone(reply.id, reply.item_id, round(reply.track.sent_ms)))
            self._end(reply)
            self._await_playback(reply, now)
        return more

    def _end(self, reply: Reply) -> None:
        """All of it was sent."""
        if reply.error is not None:
            heard = reply.track.alignment.heard(reply.track.sent_ms) if reply.plan.audio else None
            self._finish(reply, "failed", heard=heard, error=reply.error)
        elif reply.outcome.finish in ("length", "content_filter"):
            length = reply.outcome.finish == "length"
            self._finish(reply, "incomplete", reason="max_output_tokens" if length else "content_filter")
        else:
            self._finish(reply, "completed")

    def _await_playback(self, reply: Reply, now: float) -> None:
        if reply is not self.current:
            return
        left = reply.track.playback_left_ms(now) / 1000
        self._forget_tail()
        if left <= 0:
            self._end_playback(reply)
        else:
            self._on_ending()
            self._tail = self._loop.call_later(left, self._end_playback, reply)

    def _end_playback(self, reply: Reply) -> None:
        if self.current is reply and not self._detached:
            self._forget_tail()
            self.current, self._last = None, reply
            self._emit(PlaybackEnded(reply.id))
            self._on_ended(reply, True)

    def _forget_tail(self) -> None:
        if self._tail is not None:
            self._tail.cancel()
            self._tail = None

    def pause(self) -> None:
        self._held = True
        if self.current is not None:
            self.current.track.paused = True
            self._forget_tail()
            self._emit(PlaybackPaused(self.current.id))

    def resume(self) -> None:
        self._held = False
        reply = self.current
        if reply is None:
            return
        reply.track.paused = self._detached
        self._emit(PlaybackResumed(reply.id))
        if reply.finished:
            self._await_playback(reply, self._loop.time())

    # -- ending

    def cut(
        self,
        reason: ReplyReason,
        played_ms: float | None = None,
        *,
        cleared: bool = False,
        shorten: bool = True,
    ) -> None:
        """Stop the current reply for good; history keeps what was heard of it. ``shorten`` False:
        the caller cuts an item that was final already."""
        reply = self.current
        if reply is None:
            return
        heard_ms = reply.track.played_ms(self._loop.time()) if played_ms is None else played_ms
        heard_ms = min(heard_ms, reply.track.sent_ms)
        heard = reply.track.alignment.heard(heard_ms) if reply.plan.audio else reply.text
        self._stop(reply)
        self.current = None
        self._forget_tail()
        self._emit(Interrupted(reply.id, reply.item_id, round(heard_ms), heard, cleared))
        if not reply.finished:
            self._finish(reply, "cancelled", reason=reason, heard=heard)
        elif shorten and reply.item_id in self._history and heard != reply.text.rstrip():
            self._items.shorten(reply.item_id, heard, round(heard_ms))
        self._on_ended(reply, False)

    def cancel_other(self, reply_id: str) -> bool:
        reply = self.others.get(reply_id)
        if reply is None:
            return False
        self._stop(reply)
        self._finish(reply, "cancelled", reason="client_cancelled", heard=reply.text)
        return True

    def truncate(self, item_id: str, audio_end_ms: int) -> None:
        """Cut a spoken item to what the client says was heard."""
        heard = self._items.heard(item_id, audio_end_ms)
        if self.current is not None and self.current.item_id == item_id:
            self.cut("turn_detected", audio_end_ms, shorten=False)
        self._items.shorten(item_id, heard, audio_end_ms)

    def _stop(self, reply: Reply) -> None:
        self._pacer.remove(id(reply))
        reply.track.drop()
        if reply.when_stopped is not None:
            reply.when_stopped()
        task = self._running.pop(reply.id, None)
        if task is not None:
            task.cancel()

    def _finish(
        self,
        reply: Reply,
        status: ReplyStatus,
        *,
        reason: ReplyReason = "",
        heard: str | None = None,
        error: KaikouError | None = None,
    ) -> None:
        reply.finished = True
        self._running.pop(reply.id, None)
        self.others.pop(reply.id, None)
        self._items.finish(reply, status, reason=reason, heard=heard, error=error)

    # -- a lost connection

    def detach(self) -> None:
        self._detached = True
        self._forget_tail()
        if self.current is not None:
            self.current.track.paused = True

    def attach(self, played_ms: float | None) -> None:
        self._detached = False
        reply = self.current
        if reply is None and played_ms is not None:
            reply = self._unheard(played_ms)
        if reply is None:
            return
        now = self._loop.time()
        if played_ms is not None:
            reply.track.rewind(played_ms, now)
        reply.track.paused = self._held
        self._pacer.add(id(reply), lambda now: self._beat(reply, now) or self._resent(reply, now))
        if not self._pump(reply, now):
            self._resent(reply, now)

    def _unheard(self, played_ms: float) -> Reply | None:
        """The last reply, if its end went down a line that was dead already."""
        last = self._last
        if last is None or played_ms > last.track.sent_ms - _PLAYED_OUT_MS:
            return None
        self.current, self._last = last, None
        self._on_began()
        return last

    def _resent(self, reply: Reply, now: float) -> bool:
        self._await_playback(reply, now)
        return False

    def close(self) -> None:
        self.discard()
        self._forget_tail()
        for reply in [*self.others.values(), *([self.current] if self.current else [])]:
            self._stop(reply)
