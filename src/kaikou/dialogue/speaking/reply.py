"""One reply: thought -> words -> clauses -> sound, begun unheard or at once.

A reply is two tasks (thinking and speaking) joined by a bounded queue of clauses. While it is
*held* (speculative), its events wait in a list and it speaks no further than the first clause;
``release`` sends them on. Cancelling its task stops the model and the synthesis at the source.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from kaikou.audio.pcm import Pcm, Samples
from kaikou.audio.resampling import Resampler
from kaikou.dialogue.effects import AfterReply
from kaikou.dialogue.events import (
    AudioOut,
    EmotionShown,
    Event,
    ReplyText,
    SentenceStarted,
    WordSpoken,
)
from kaikou.dialogue.items import new_id
from kaikou.dialogue.speaking.clauses import Clause, ClauseSplitter
from kaikou.dialogue.speaking.emotion import EmotionFilter
from kaikou.dialogue.speaking.pacer import EARLY_MS, PACKET_MS
from kaikou.dialogue.speaking.phrases import Mouth
from kaikou.dialogue.speaking.plan import ReplyPlan
from kaikou.dialogue.speaking.playback import Marker, Track
from kaikou.dialogue.waterfall import Waterfall
from kaikou.engines.metering import metering
from kaikou.engines.ports import Delta, FinishReason, ToolCall, Usage, Word
from kaikou.engines.tts.word_times import WordTimer
from kaikou.errors import KaikouError

_LOW_MS = 1000.0
"""Sound left to hear below which the next clause is in a hurry: a local model and voice take two or three
words and half a second to make one."""


def pause_after(clause: str) -> float:
    """Seconds of silence between a clause and the next: engines give sound without its edges."""
    end = clause.rstrip("\"'”’」』）)]")[-1:]
    if end in ".。!！?？…":
        return 0.24
    return 0.12 if end in ",，、;；:：—" else 0.0


def _placed(words: Sequence[Word], clause: str, start: int, later: float) -> tuple[Word, ...]:
    """``words`` of ``clause`` with their place in the reply, where the clause stands at ``start``, and
    their times moved ``later`` (seconds)."""
    placed: list[Word] = []
    at = 0
    for word in words:
        span = word.span
        if span is None and (found := clause.find(word.text, at)) >= 0:
            span = found, found + len(word.text)
        if span is not None:
            at = span[1]
            span = start + span[0], start + span[1]
        placed.append(replace(word, start=word.start + later, end=word.end + later, span=span))
    return tuple(placed)


@dataclass(slots=True)
class Outcome:
    """How the thinking ended."""

    finish: FinishReason | None = None
    usage: Usage | None = None
    calls: list[ToolCall] = field(default_factory=list)


class Reply:
    """See the module. ``emit`` gets the events, in order."""

    def __init__(
        self,
        plan: ReplyPlan,
        mouth: Mouth,
        waterfall: Waterfall,
        *,
        emit: Callable[[Event], None],
        held: bool,
    ) -> None:
        self.id = new_id("resp")
        self.item_id = new_id("item")
        self.plan = plan
        self.track = Track(plan.rate)
        self.outcome = Outcome()
        self.waterfall = waterfall
        self.held = held
        self.finished = False
        """ReplyDone was sent."""
        self.pumped_until = 0.0
        """Loop time before which the timer need not ask again."""
        self.made = False
        """Its tasks are over; what they left may still have to be sent."""
        self.error: KaikouError | None = None
        self.sure = asyncio.Event()
        """The turn it answers is over: it is no guess any more."""
        if not held:
            self.sure.set()
        self.later: list[AfterReply] = []
        """What is to follow once it was heard."""
        self.when_stopped: Callable[[], None] | None = None
        """Called when it is cut, before anything else is asked of the history."""
        self._emit = emit
        self._kept: list[Event] = []
        self._mouth = mouth
        self._room = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._emotion = EmotionFilter()
        self._shown = False
        self._clauses_spoken = 0
        self._speaking = False
        """A clause is being made into sound, or waits for that."""
        self._estimated: Marker | None = None
        """The clause being sent, if its words are estimated; ``_told`` of them were reported."""
        self._told = 0
        self._pause = 0.0
        """Seconds of silence due before the next clause."""

    @property
    def text(self) -> str:
        """The words generated so far (shown ones, without tags and emoji)."""
        return self.track.alignment.text

    # -- making it

    async def run(self, thoughts: AsyncGenerator[Delta, None]) -> None:
        """Make the whole reply. Raises what an engine raises."""
        clauses: asyncio.Queue[Clause | None] = asyncio.Queue(maxsize=64)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._think(thoughts, clauses))
                if self.plan.audio:
                    group.create_task(self._speak(clauses))
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from None
        self.track.complete = True

    async def play(self, sound: AsyncGenerator[Pcm, None], title: str) -> None:
        """Send a recording; ``title`` stands for it in the reply's text."""
        self.track.alignment.text = title
        self._report(ReplyText(self.id, self.item_id, title))
        span = 0, len(title)
        to_rate: Resampler | None = None
        async with aclosing(sound):
            async for pcm in sound:
                if to_rate is None:
                    to_rate = Resampler(pcm.rate, self.plan.rate)
                    self.track.mark(Clause(title, *span))
                self._hand_over(to_rate.process(pcm.samples), span, ())
                span = span[1], span[1]
                await self._leash()
        if to_rate is not None:
            self._hand_over(to_rate.flush(), span, ())
        self.track.complete = True

    async def _think(
        self, thoughts: AsyncGenerator[Delta, None], clauses: asyncio.Queue[Clause | None]
    ) -> None:
        splitter = ClauseSplitter()
        asked = self._loop.time()
        with metering() as meter:
            async with aclosing(thoughts):
                async for delta in thoughts:
                    if delta.text:
                        self.waterfall.mark("first_token", asked, self._loop.time(), meter.queued)
                        await self._words(self._emotion.feed(delta.text), splitter, clauses, asked)
                    if delta.tool_call is not None:
                        self.outcome.calls.append(delta.tool_call)
                    if delta.usage is not None:
                        self.outcome.usage = delta.usage
                    if delta.finish is not None:
                        self.outcome.finish = delta.finish
        await self._words(self._emotion.finish(), splitter, clauses, asked)
        if self.plan.audio:
            for clause in splitter.finish():
                self.waterfall.mark("first_clause", asked, self._loop.time())
                await clauses.put(clause)
            await clauses.put(None)

    async def _words(
        self, text: str, splitter: ClauseSplitter, clauses: asyncio.Queue[Clause | None], asked: float
    ) -> None:
        emotion = self._emotion.emotion
        if emotion is not None and not self._shown:
            self._shown = True
            self._report(EmotionShown(self.id, emotion.name, emotion.emoji))
        if not text:
            return
        self.track.alignment.text += text
        self._report(ReplyText(self.id, self.item_id, text))
        if self.plan.audio:
            # While the voice is at work, a longer clause costs nobody time.
            idle = self._clauses_spoken > 0 and not self._speaking and clauses.empty()
            hurry = idle and self.track.ahead_ms(self._loop.time()) < _LOW_MS
            for clause in splitter.feed(text, hurry=hurry):
                self.waterfall.mark("first_clause", asked, self._loop.time())
                await clauses.put(clause)

    async def _speak(self, clauses: asyncio.Queue[Clause | None]) -> None:
        while (clause := await clauses.get()) is not None:
            self._speaking = True
            await self._leash()
            await self._say(clause)
            self._clauses_spoken += 1
            self._speaking = False

    async def _say(self, clause: Clause) -> None:
        asked = self._loop.time()
        start = self.text.find(clause.text, clause.start)
        end = start
        said = Clause(clause.text, start, start + len(clause.text))
        begins = given = 0.0
        to_rate: Resampler | None = None
        pause, self._pause = self._pause, pause_after(clause.text)
        spoken = clause.text, self.plan.voice, self.plan.style
        timer: WordTimer | None = None
        sound = self._mouth.speak(*spoken, keep=self.plan.fixed)
        with metering() as meter:
            async with aclosing(sound):
                async for chunk in sound:
                    self.waterfall.mark("first_audio", asked, self._loop.time(), meter.queued)
                    if to_rate is None:
                        to_rate = Resampler(chunk.pcm.rate, self.plan.rate)
                        # Where the sound has run out, there was a pause already.
                        pause -= self.track.dry_ms(self._loop.time()) / 1000
                        if pause > 0:
                            silence = Pcm.silence(pause, self.plan.rate)
                            self._hand_over(silence.samples, (start, start), ())
                        begins = self.track.appended_ms / 1000
                        timer = None if chunk.words else self._mouth.timer(*spoken)
                        self.track.mark(said, timer=timer)
                    if timer is not None:
                        timer.hear(chunk.pcm)
                    # The resampler holds a little back: this sound begins later than what was appended.
                    later = begins + given - self.track.appended_ms / 1000
                    words = _placed(chunk.words, clause.text, start, later)
                    self.track.mark(None, words)
                    given += chunk.pcm.seconds
                    end = start + chunk.span[1]
                    self._hand_over(to_rate.process(chunk.pcm.samples), (start + chunk.span[0], end), words)
        if to_rate is not None:
            if timer is not None:
                self._mouth.learn(timer, *spoken)
            self._hand_over(to_rate.flush(), (end, end), ())

    def _hand_over(self, samples: Samples, span: tuple[int, int], words: tuple[Word, ...]) -> None:
        if len(samples) or words:
            self.track.append(Pcm(samples, self.plan.rate).to_int16(), span, words)
        if not self.held:
            self.pump(self._loop.time())

    async def _leash(self) -> None:
        """Speak no further ahead than is likely to be heard."""
        while (self.held and self._clauses_spoken >= 1) or (
            self.track.ahead_ms(self._loop.time()) > self.plan.ahead_seconds * 1000
        ):
            self._room.clear()
            await self._room.wait()

    # -- letting it out

    def release(self) -> None:
        """The turn is sure: what was held goes out, in order."""
        self.held = False
        self.sure.set()
        kept, self._kept = self._kept, []
        for event in kept:
            self._emit(event)
        self._room.set()

    def pump(self, now: float, early_ms: float = 0.0) -> bool:
        """Send the audio that is due, or will be in ``early_ms``. False once all of it was sent."""
        track = self.track
        data, start_ms = track.take(now, self.plan.lead_ms + early_ms, PACKET_MS)
        # A little early rather than a beat late.
        self.pumped_until = now + (track.wait_ms + early_ms - EARLY_MS - 1) / 1000
        if data:
            self.waterfall.mark("sent", now, now)
            self._announce(track.sent_ms)
            self._emit(AudioOut(self.id, self.item_id, data, round(start_ms)))
        if not self.held and track.ahead_ms(now) <= self.plan.ahead_seconds * 1000:
            self._room.set()
        return not track.drained

    def _announce(self, sent_ms: float) -> None:
        markers = self.track.markers
        while markers and markers[0].at_ms < sent_ms:
            self._tell_estimated(markers[0].at_ms)
            marker = markers.popleft()
            if marker.clause is not None:
                said = marker.clause
                span = said.start, said.end
                self._emit(SentenceStarted(self.id, self.item_id, said.text, round(marker.at_ms), span))
            self._tell(marker.words, marker.at_ms)
            if marker.timer is not None:
                self._estimated, self._told = marker, 0
        self._tell_estimated(sent_ms)

    def _tell_estimated(self, until_ms: float) -> None:
        """The words that begin before ``until_ms``: those after it are estimated better later."""
        marker = self._estimated
        if marker is None or marker.timer is None or marker.clause is None:
            return
        rest = marker.timer.words[self._told :]
        due = [word for word in rest if marker.at_ms + word.start * 1000 < until_ms]
        self._told += len(due)
        self._tell(_placed(due, marker.clause.text, marker.clause.start, 0.0), marker.at_ms)

    def _tell(self, words: Sequence[Word], at_ms: float) -> None:
        offset = at_ms / 1000
        for word in words:
            shifted = replace(word, start=word.start + offset, end=word.end + offset)
            self._emit(WordSpoken(self.id, self.item_id, shifted))

    def _report(self, event: Event) -> None:
        if self.held:
            self._kept.append(event)
        else:
            self._emit(event)
