"""One recorded turn through the conversation core, in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from kaikou import server
from kaikou.audio.decoding import decode
from kaikou.audio.pcm import Pcm
from kaikou.cli import console
from kaikou.cli.caller_voice import voiced_until
from kaikou.cli.sound import write_sound
from kaikou.dialogue.events import (
    AudioOut,
    Event,
    Failed,
    Metrics,
    ReplyDone,
    ReplyStarted,
    SpeechDropped,
    TranscriptFailed,
    TranscriptFinal,
)
from kaikou.dialogue.session import SessionConfig, TurnPolicy
from kaikou.engines.warmup import Loading
from kaikou.errors import EngineFailed, InvalidInput, KaikouError, NotReady
from kaikou.settings.loading import LoadedSettings

if TYPE_CHECKING:
    from kaikou.server import Runtime

RATE = 24_000
FRAME_SECONDS = 0.02
WARM_SECONDS = 3600.0
"""Models may have to be downloaded first."""
REPLY_SECONDS = 600.0
METRICS_SECONDS = 2.0
UNPACED_MS = 3_600_000
"""Nobody listens along: sound need not be held back to real time."""


@dataclass(frozen=True, slots=True)
class Question:
    """A recording and how it is to be answered."""

    file: Path
    agent: str | None = None
    language: str | None = None
    voice: str | None = None
    hands_free: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it. ``timings``: stage -> seconds from the end of speech until it was done, as the
    conversation itself measures; ``answered`` the same from outside, to the first audio of the reply.
    ``gaps``: seconds a listener would have waited within the reply, each time its sound ran out."""

    transcript: str
    reply: str
    sound: Pcm | None
    timings: dict[str, float]
    gaps: tuple[float, ...] = ()


class Notes:
    """Collects the events of one conversation until its reply is over."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.audio = bytearray()
        self.done: ReplyDone | None = None
        self.metrics: Metrics | None = None
        self.error: KaikouError | None = None
        self.asked_at: float | None = None
        """Loop time of the end of speech, where it is not found by the turn detector."""
        self.heard_after: float | None = None
        self.spoken_at: float | None = None
        """Loop time at which the recording's last voiced sample was handed over."""
        self.sounded_at: float | None = None
        self.gaps: list[float] = []
        self._plays_until = 0.0
        """Loop time at which a listener has heard all sound so far."""
        self.replied = asyncio.Event()
        self.measured = asyncio.Event()

    def take(self, event: Event) -> None:
        """The conversation's sink."""
        match event:
            case TranscriptFinal(transcript=transcript):
                self.words.append(transcript.text)
                if self.asked_at is not None:
                    self.heard_after = asyncio.get_running_loop().time() - self.asked_at
            case TranscriptFailed(code=code, message=message):
                self._fail(EngineFailed(message, code=code))
            case SpeechDropped():
                self._fail(_nothing_heard())
            case ReplyStarted():
                self.audio.clear()
                self.gaps.clear()
                self.sounded_at = None
            case AudioOut(data=data):
                self._hear(data, asyncio.get_running_loop().time())
            case ReplyDone(status="cancelled"):
                pass  # the speaker went on: another reply follows
            case ReplyDone():
                self.done = event
                self.replied.set()
            case Metrics():
                self.metrics = event
                self.measured.set()
            case Failed(code=code, message=message, hint=hint):
                self._fail(EngineFailed(message, code=code, hint=hint))
            case _:
                pass

    def _hear(self, data: bytes, now: float) -> None:
        if self.sounded_at is None:
            self.sounded_at = self._plays_until = now
        elif now > self._plays_until:
            self.gaps.append(round(now - self._plays_until, 4))
        self._plays_until = max(now, self._plays_until) + len(data) / 2 / RATE
        self.audio += data

    def _fail(self, error: KaikouError) -> None:
        self.error = self.error or error
        self.replied.set()

    def answer(self) -> Answer:
        """What was said and answered; raises what went wrong."""
        if self.error is not None:
            raise self.error
        if self.done is None:
            raise NotReady("No reply came in time.", code="no_reply")
        if self.done.status == "failed":
            raise EngineFailed(self.done.error_message, code=self.done.error_code or "engine_failed")
        sound = Pcm.from_int16(bytes(self.audio), RATE) if self.audio else None
        words = " ".join(filter(None, self.words))
        return Answer(words, self.done.text.strip(), sound, self.timings(), tuple(self.gaps))

    def timings(self) -> dict[str, float]:
        """Stage -> seconds from the end of speech until it was done, in order; ``total`` to first sound."""
        found: dict[str, float] = {}
        if self.heard_after is not None:
            found["transcript"] = round(self.heard_after, 4)
        if self.metrics is not None:
            found |= {stage.name: stage.end for stage in self.metrics.stages}
            found["total"] = self.metrics.total
        if self.spoken_at is not None and self.sounded_at is not None:
            found["answered"] = round(self.sounded_at - self.spoken_at, 4)
        return found


def _nothing_heard() -> InvalidInput:
    return InvalidInput(
        "No words were understood in the recording.",
        code="no_speech",
        hint="Check it with `kaikou transcribe`, or name its --language.",
    )


@asynccontextmanager
async def warmed(loaded: LoadedSettings, title: str) -> AsyncIterator[Runtime]:
    """The server's parts without a port, engines ready, with a progress bar meanwhile."""
    failed: dict[str, str] = {}
    trouble = asyncio.Event()

    with console.progress(title) as progress:

        def changed(loading: Loading) -> None:
            if loading.health.state == "failed" and loading.kind != "turn":
                failed[loading.title] = loading.health.detail
                trouble.set()
            elif loading.health.state == "loading":
                progress(f"{loading.title}: {loading.health.detail or 'loading'}", loading.health.progress)

        progress("starting", None)
        context = server.open_runtime(loaded, changed)
        runtime = await context.__aenter__()
        try:
            assert runtime.warmup is not None
            ready = asyncio.create_task(runtime.warmup.wait_ready())
            broken = asyncio.create_task(trouble.wait())
            await asyncio.wait({ready, broken}, timeout=WARM_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            for task in (ready, broken):
                task.cancel()
            if not runtime.warmup.ready:
                reason = "; ".join(f"{title}: {detail}" for title, detail in failed.items())
                raise NotReady(f"Not everything could be made ready. {reason}", hint="See `kaikou doctor`.")
        except BaseException:
            await context.__aexit__(None, None, None)
            raise
    try:
        yield runtime
    finally:
        await context.__aexit__(None, None, None)


async def ask_once(loaded: LoadedSettings, question: Question, out: Path | None) -> Answer:
    """Open everything, ask, write the reply's sound to ``out``, close everything."""
    (answer,) = await ask_many(loaded, [question])
    if out is not None and answer.sound is not None:
        await asyncio.to_thread(write_sound, out, answer.sound)
    return answer


async def ask_many(loaded: LoadedSettings, questions: Sequence[Question]) -> list[Answer]:
    """Open everything once, ask one after the other, each in a conversation of its own. Several are asked
    as in a server that has run for a while: once the voice is through with its preparations."""
    live = loaded.settings.live.model_copy(update={"send_ahead_ms": UNPACED_MS})
    loaded = replace(loaded, settings=loaded.settings.model_copy(update={"live": live}))
    answers = []
    async with warmed(loaded, "talk") as runtime:
        with console.progress("talk") as progress:
            assert runtime.engines is not None
            rehearsal: asyncio.Task[None] | None = getattr(runtime.engines.tts, "rehearsal", None)
            if rehearsal is not None and len(questions) > 1:
                progress("the voice: rehearsing", None)
                await asyncio.wait({rehearsal})
            if runtime.live is not None and len(questions) > 1:
                progress("the language model: reading ahead", None)
                await runtime.live.prepared.wait()
            for number, question in enumerate(questions):
                progress(f"{question.file.name}: listening and answering", number / len(questions) or None)
                answers.append(await ask(runtime, question))
    return answers


async def ask(runtime: Runtime, question: Question) -> Answer:
    """One turn: the recording in, the whole reply out. Raises KaikouError where either failed."""
    assert runtime.live is not None
    sound = await asyncio.to_thread(decode, question.file, RATE)
    policy = TurnPolicy() if question.hands_free else TurnPolicy(mode="manual")
    config = SessionConfig(language=question.language, voice=question.voice, turn=policy)
    notes = Notes()
    conversation = await runtime.live.open(
        config, notes.take, agent_id=question.agent or runtime.agents.default_id, surface="terminal"
    )
    try:
        # The recording speaks first: no greeting, but what a call warms at its start is warmed here too.
        conversation.update(replace(conversation.config, greeting=""))
        conversation.start()
        if question.hands_free:
            await _play(conversation.hear, sound, notes)
        else:
            await _play(conversation.hear, sound, notes, silence=False)
            notes.asked_at = notes.spoken_at = asyncio.get_running_loop().time()
            conversation.commit()
            conversation.respond()
        async with asyncio.timeout(REPLY_SECONDS):
            await notes.replied.wait()
        if notes.error is None:
            await _patiently(notes.measured)
    except TimeoutError:
        raise NotReady(f"No reply came within {REPLY_SECONDS:.0f} s.", code="no_reply") from None
    finally:
        await conversation.close("the turn is over")
    return notes.answer()


async def _patiently(event: asyncio.Event) -> None:
    """Wait a moment; the figures are welcome, the answer stands without them."""
    await asyncio.wait({asyncio.create_task(event.wait())}, timeout=METRICS_SECONDS)


async def _play(hear: Callable[[Pcm], None], sound: Pcm, notes: Notes, *, silence: bool = True) -> None:
    """As a microphone would: 20 ms at a time, then ``silence`` until the reply is over."""
    loop = asyncio.get_running_loop()
    due = loop.time()
    position, end = 0.0, voiced_until(sound)
    while not notes.replied.is_set() and (silence or position < sound.seconds):
        frame = sound.slice(position, position + FRAME_SECONDS)
        hear(frame if len(frame) else Pcm.silence(FRAME_SECONDS, RATE))
        position += FRAME_SECONDS
        if notes.spoken_at is None and position >= end:
            notes.spoken_at = loop.time()
        due += FRAME_SECONDS
        await asyncio.sleep(max(0.0, due - loop.time()))
