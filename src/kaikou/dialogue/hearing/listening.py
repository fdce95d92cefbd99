"""The ears of one session: microphone audio -> VAD -> turn machine -> words.

Audio goes from ``hear`` to the VAD by plain calls; there is no task or queue per frame. What the
turn machine decides about the *reply* is handed to ``decide``; what it wants *heard* (a
transcription, a score) is done here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kaikou.audio.pcm import Pcm, Samples
from kaikou.audio.resampling import Resampler
from kaikou.dialogue.hearing.echo import EchoGuard
from kaikou.dialogue.hearing.recording import RATE, Recording
from kaikou.dialogue.items import new_id
from kaikou.dialogue.tasks import TaskOwner
from kaikou.dialogue.turns import machine as turns
from kaikou.dialogue.turns import values as turn_values
from kaikou.dialogue.turns.endpointing import is_backchannel
from kaikou.dialogue.waterfall import Waterfall
from kaikou.engines.metering import metering
from kaikou.engines.ports import Engines, Lane, Transcript
from kaikou.errors import InvalidInput, KaikouError, LimitReached, as_kaikou_error

log = logging.getLogger(__name__)

_TAIL_MS = 240.0
"""Audio kept after the last voiced window: final consonants are quieter than the threshold."""
_LEAST_COMMIT_MS = 100.0
_PARTIAL_SECONDS = 1.2


@dataclass(slots=True)
class Utterance:
    """The stretch of speech that may become a turn."""

    item_id: str = field(default_factory=lambda: new_id("item"))
    waterfall: Waterfall = field(default_factory=Waterfall)
    transcript: Transcript | None = None
    """Of the current generation."""
    error: KaikouError | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """A committed utterance: its audio, and its words where they are known already."""

    utterance: Utterance
    audio: Pcm
    end_ms: float


class Listening:
    """Feeds the turn machine. All methods are called on the event loop."""

    def __init__(
        self,
        engines: Engines,
        rules: turn_values.TurnRules,
        tasks: TaskOwner,
        *,
        decide: Callable[[turn_values.Action], None],
        on_partial: Callable[[str, str], None],
        language: Callable[[], tuple[str | None, str]],
        partials: bool,
    ) -> None:
        self.echo: EchoGuard | None = None
        """Takes the agent's own sound out, where the microphone hears it."""
        self.utterance = Utterance()
        self.recording = Recording()
        self.state = turn_values.TurnState(rules=rules)
        self._engines = engines
        self._tasks = tasks
        self._decide = decide
        self._on_partial = on_partial
        self._language = language
        self._partials = partials
        self._partial_at = 0.0
        self._partial_cost = 0.0
        self._partial: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._resampler: Resampler | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._work: list[asyncio.Task[None]] = []
        self._uncommitted_ms = 0.0
        self._full = False
        self._fed = 0
        """Samples that the VAD was given."""
        self._unseen = 0
        """Samples that the VAD was not given."""
        self._last_window = 0
        """Where the VAD's newest window ended, in samples that it was given."""
        self._vad = engines.vad.stream(self._on_probability)
        self._dispatching = False
        self._waiting: list[turn_values.TurnEvent] = []

    # -- audio

    def hear(self, pcm: Pcm) -> None:
        """Take microphone audio of any rate and length."""
        samples = pcm.samples if pcm.rate == RATE else self._resampled(pcm)
        if not len(samples):
            return
        if not self.state.rules.automatic:
            self._hear_manually(samples)
        else:
            if self.echo is not None:
                samples = self.echo.clean(samples, self._loop.time(), self._fed)
            self.recording.append(samples)
            self._fed += len(samples)
            self._vad.feed(samples)
            if self.state.user == "silent":
                padding = self.state.rules.policy.prefix_padding_ms
                # Windows come back a little later than the audio: keep a second more than needed.
                self.recording.forget_before(self.recording.end_ms - padding - 1000)

    def _resampled(self, pcm: Pcm) -> Samples:
        if self._resampler is not None and self._resampler.source == pcm.rate:
            return self._resampler.process(pcm.samples)
        self._resampler = Resampler(pcm.rate, RATE)
        samples = self._resampler.process(pcm.samples)
        # The filter holds back 2 to 4 ms. With that much silence in front every frame gives as much as
        # it holds, and completes the window it would otherwise leave to the next frame.
        held = round(len(pcm.samples) * RATE / pcm.rate) - len(samples)
        return np.concatenate((np.zeros(max(0, held), np.float32), samples))

    def _hear_manually(self, samples: Samples) -> None:
        """The client decides what a turn is: all is kept, up to the bound."""
        if self.uncommitted_ms > self.state.rules.max_utterance_ms:
            if self._full:
                return  # told once; the audio kept so far can still be committed
            self._full = True
            raise LimitReached(
                f"The input buffer holds {self.uncommitted_ms / 1000:.0f} s of audio and takes no more.",
                code="input_audio_buffer_full",
                hint="Commit or clear it (setting live.max_utterance_seconds).",
            )
        self.recording.append(samples)
        self._unseen += len(samples)

    def _on_probability(self, probability: float, end: int) -> None:
        if self.echo is not None and self.echo.explains(end):
            probability = 0.0
        end_ms = (end + self._unseen) / RATE * 1000
        length = (end - self._last_window) / RATE * 1000
        self._last_window = end
        now = self._loop.time()
        before = self.state
        self.dispatch(turn_values.Window(probability, end_ms, length, now * 1000))
        state = self.state
        if state.user == "silent":
            return
        if state.end_ms != before.end_ms:
            self.utterance.waterfall.speech_end = now
        if state.user == "speaking":
            self._maybe_partial(now)

    # -- the machine

    def dispatch(self, event: turn_values.TurnEvent) -> None:
        """Give the machine an event and do what it says; events raised meanwhile wait their turn."""
        self._waiting.append(event)
        if self._dispatching:
            return
        self._dispatching = True
        before = self.state
        try:
            while self._waiting:
                self.state, actions = turns.step(self.state, self._waiting.pop(0))
                for action in actions:
                    self._do(action)
        finally:
            self._dispatching = False
            if self.state is not before:  # most windows are silence after silence, which moves no deadline
                self._schedule()

    def _schedule(self) -> None:
        at = turns.deadline(self.state)
        if self._timer is not None:
            # A window every 32 ms moves the deadline: let the timer run early and look again.
            if at is not None and self._timer.when() * 1000 <= at:
                return
            self._timer.cancel()
            self._timer = None
        if at is not None:
            self._timer = self._loop.call_at(at / 1000, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self.dispatch(turn_values.Tick(self._loop.time() * 1000))
        self._schedule()

    def _do(self, action: turn_values.Action) -> None:
        match action:
            case turn_values.Transcribe(generation):
                self._start(self._transcribe(generation), "transcribe")
            case turn_values.Probe(generation):
                self._start(self._probe(generation), "probe")
            case turn_values.Score(generation):
                self._start(self._score(generation), "score")
            case turn_values.Discard():
                self._stop_work()
                self.utterance.transcript = None
                self.utterance.waterfall.speculations += 1
                self.utterance.waterfall.spans.clear()
                self._decide(action)
            case turn_values.Commit() | turn_values.Drop():
                self._decide(action)
                self._begin_utterance()
            case _:
                self._decide(action)

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        self._work = [task for task in self._work if not task.done()]
        self._work.append(self._tasks.spawn(work, name))

    def _stop_work(self) -> None:
        for task in self._work:
            task.cancel()
        self._work.clear()

    def _begin_utterance(self) -> None:
        self._stop_work()
        if self._partial is not None:
            self._partial.cancel()
        self.utterance = Utterance()

    # -- words

    def audio(self) -> Pcm:
        """What was heard so far of the utterance, at 16 kHz."""
        state = self.state
        return self.recording.between(state.start_ms - state.rules.policy.prefix_padding_ms)

    async def _transcribe(self, generation: int) -> None:
        utterance, audio, started = self.utterance, self.audio(), self._loop.time()
        language, hint = self._language()
        try:
            with metering() as meter:
                transcript = await self._engines.stt.transcribe(
                    audio, language=language, hint=hint, lane=Lane.LIVE
                )
        except Exception as error:  # noqa: BLE001 - the turn must end with an error, whatever went wrong
            utterance.error = as_kaikou_error(error, "stt")
            self.dispatch(turn_values.TranscriptionFailed(generation, self._loop.time() * 1000))
            return
        if generation != self.state.generation:
            return
        utterance.transcript = transcript
        utterance.waterfall.mark("transcript", started, self._loop.time(), meter.queued)
        self.dispatch(turn_values.Transcribed(generation, transcript.text, self._loop.time() * 1000))

    async def _probe(self, generation: int) -> None:
        language, hint = self._language()
        try:
            found = await self._engines.stt.transcribe(
                self.audio(), language=language, hint=hint, lane=Lane.LIVE
            )
            text = found.text
        except Exception as error:  # noqa: BLE001 - the machine must learn that nobody looks any more
            log.warning("could not look for words: %s", as_kaikou_error(error, "speech recognition"))
            text = ""
        self.dispatch(turn_values.Probed(generation, text, self._loop.time() * 1000))

    async def _score(self, generation: int) -> None:
        detector = self._engines.turn
        if detector is None:
            return
        transcript = self.utterance.transcript
        try:
            probability = await detector.end_of_turn(
                self.audio(), transcript.text if transcript else "", lane=Lane.LIVE
            )
        except Exception as error:  # noqa: BLE001 - silence alone decides then
            log.warning("the turn detector failed: %s", as_kaikou_error(error, "the turn detector"))
            probability = 0.5
        self.dispatch(turn_values.Scored(generation, probability, self._loop.time() * 1000))

    def _maybe_partial(self, now: float) -> None:
        """Captions while the user speaks: seldom enough to leave the processor to the final
        transcript (a Whisper encodes 30 s whatever the length)."""
        if not self._partials or (self._partial is not None and not self._partial.done()):
            return
        voiced = self.state.voiced_ms / 1000
        if voiced < _PARTIAL_SECONDS or now - self._partial_at < max(
            _PARTIAL_SECONDS, 4 * self._partial_cost
        ):
            return
        self._partial_at = now
        self._partial = self._tasks.spawn(self._caption(self.utterance), "partial")

    async def _caption(self, utterance: Utterance) -> None:
        language, hint = self._language()
        started = self._loop.time()
        try:
            found = await self._engines.stt.transcribe(
                self.audio(), language=language, hint=hint, lane=Lane.INTERACTIVE
            )
        except Exception as error:  # noqa: BLE001 - captions are a courtesy
            as_kaikou_error(error, "captions")
            self._partials = False  # the final transcription reports what is wrong
            return
        self._partial_cost = self._loop.time() - started
        if utterance is self.utterance and self.state.announced and found.text:
            self._on_partial(utterance.item_id, found.text)
        elif utterance is self.utterance and self.state.agent == "paused" and not is_backchannel(found.text):
            self.dispatch(turn_values.Probed(self.state.generation, found.text, self._loop.time() * 1000))

    # -- turns by the client's hand

    @property
    def uncommitted_ms(self) -> float:
        """Audio since the last commit or clear."""
        return self.recording.end_ms - max(self._uncommitted_ms, self.recording.start_ms)

    def commit(self) -> None:
        if self.uncommitted_ms < _LEAST_COMMIT_MS:
            raise InvalidInput(
                f"There are {self.uncommitted_ms:.0f} ms of audio to commit; "
                f"a turn needs at least {_LEAST_COMMIT_MS:.0f} ms.",
                code="input_audio_buffer_commit_empty",
                hint="Append audio first; with server VAD turns are committed by themselves.",
            )
        self.dispatch(turn_values.CommitAsked(self._loop.time() * 1000))

    def clear(self) -> None:
        self.dispatch(turn_values.ClearAsked(self._loop.time() * 1000))
        self._begin_utterance()
        self._vad.reset()
        self._consume(self.recording.end_ms)

    def take(self, commit: turn_values.Commit) -> Heard:
        """The audio of the utterance just committed; it leaves the buffer."""
        start, end = self._uncommitted_ms, self.recording.end_ms
        if commit.end_ms > 0:
            start = max(start, commit.start_ms - self.state.rules.policy.prefix_padding_ms)
            end = min(end, commit.end_ms + _TAIL_MS)
        heard = Heard(self.utterance, self.recording.between(start, end), end)
        self._consume(end)
        return heard

    def _consume(self, until_ms: float) -> None:
        self._uncommitted_ms = until_ms
        self._full = False
        padding = self.state.rules.policy.prefix_padding_ms
        self.recording.forget_before(until_ms - (padding if self.state.rules.automatic else 0))

    def close(self) -> None:
        self._vad.close()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
