"""The mouth that all sessions share: synthesis, with the sound of fixed phrases kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

from kaikou.engines.ports import AudioChunk, Lane, Style, TextToSpeech
from kaikou.engines.tts.text.words import is_chinese
from kaikou.engines.tts.word_times import Paces, WordTimer, units

Key = tuple[str, str | None, Style]


class Mouth:
    """Speaks through ``tts`` and remembers phrases that come again (greetings, fillers).

    ``keep_seconds`` bounds the sound kept; the least recently used goes first. ``resolve``
    turns the name of a voice that a user made into what the engine knows it by.
    """

    def __init__(
        self,
        tts: TextToSpeech,
        keep_seconds: float = 600.0,
        *,
        resolve: Callable[[str | None], Awaitable[str | None]] | None = None,
    ) -> None:
        self.tts = tts
        self._resolve = resolve
        self._kept: OrderedDict[Key, tuple[AudioChunk, ...]] = OrderedDict()
        self._seconds = 0.0
        self._keep_seconds = keep_seconds
        self._paces = Paces()

    def timer(self, text: str, voice: str | None, style: Style) -> WordTimer:
        """Times the words of ``text``, for sound that comes without, from what is known of the voice."""
        return WordTimer(units(text, style.language), self._paces.of(_pace_key(text, voice, style)))

    def learn(self, timer: WordTimer, text: str, voice: str | None, style: Style) -> None:
        """``timer`` heard all sound of ``text``: it tells the voice's pace from now on."""
        pace = timer.finish()
        if pace is not None:
            self._paces.learn(_pace_key(text, voice, style), pace)

    async def speak(
        self, text: str, voice: str | None, style: Style, *, keep: bool = False, lane: Lane = Lane.LIVE
    ) -> AsyncGenerator[AudioChunk, None]:
        """Chunks of ``text``; with ``keep`` they are remembered per text, voice and style."""
        if self._resolve is not None:
            voice = await self._resolve(voice)
        key = (text, voice, style)
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            for chunk in kept:
                yield chunk
            return
        made: list[AudioChunk] = []
        async with aclosing(self.tts.stream(text, voice=voice, style=style, lane=lane)) as chunks:
            async for chunk in chunks:
                if keep:
                    made.append(chunk)
                yield chunk
        if keep:
            self._remember(key, tuple(made))

    def _remember(self, key: Key, chunks: tuple[AudioChunk, ...]) -> None:
        if key in self._kept:
            return  # two sessions spoke it at once for the first time
        self._kept[key] = chunks
        self._seconds += sum(chunk.pcm.seconds for chunk in chunks)
        while self._seconds > self._keep_seconds and self._kept:
            _, oldest = self._kept.popitem(last=False)
            self._seconds -= sum(chunk.pcm.seconds for chunk in oldest)


def _pace_key(text: str, voice: str | None, style: Style) -> tuple[str | None, float, bool]:
    return voice, style.speed, is_chinese(text)
