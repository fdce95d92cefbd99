"""Words of a reply: where they stand in its text, and that they are told before they sound."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from typing import Any

import numpy as np
import pytest
from dialogue.scripted import FakeLlm, FakeTts, Stage, open_stage
from dialogue.virtual_time import run

from kaikou.audio.pcm import Pcm
from kaikou.dialogue.events import AudioOut, ReplyDone, ReplyText, SentenceStarted, WordSpoken
from kaikou.engines.ports import AudioChunk, Style, Word

ANSWER = "[happy] Hello 👋, it costs $24.99! 今天是2024年，我们用Python吧 😀。 The end, the very end."
LETTER = 0.05


class TimedTts(FakeTts):
    """50 ms a character, in chunks of one sentence; says where words are written, or only which."""

    spans = True

    async def stream(
        self, text: str, *, voice: str | None = None, style: Style = Style(), **_: Any
    ) -> AsyncGenerator[AudioChunk, None]:
        for part in re.finditer(r"[^.!。]+[.!。]*", text):
            words = tuple(
                Word(
                    word.group(),
                    (word.start() - part.start()) * LETTER,
                    (word.end() - part.start()) * LETTER,
                    span=word.span() if self.spans else None,
                )
                for word in re.finditer(r"[\w$]+", part.group())
                for word in [re.compile(re.escape(word.group())).search(text, part.start() + word.start())]
                if word is not None
            )
            samples = np.full(round(len(part.group()) * LETTER * 22_050), 0.3, np.float32)
            yield AudioChunk(Pcm(samples, 22_050), part.span(), words)


def played(spans: bool) -> Stage:
    async def play() -> Stage:
        tts = TimedTts()
        tts.spans = spans
        stage = open_stage(llm=FakeLlm(reply=lambda messages: ANSWER), tts=tts)
        stage.conversation.say("Hello")
        await asyncio.sleep(12)
        await stage.conversation.close()
        return stage

    return run(play())


@pytest.mark.parametrize("spans", [True, False])
def test_spans_point_at_the_words_of_the_transcript(spans: bool) -> None:
    stage = played(spans)
    transcript = "".join(event.delta for event in stage.of(ReplyText))
    assert stage.of(ReplyDone)[0].item.text == transcript.strip()
    words = stage.of(WordSpoken)
    for event in words:
        assert transcript[slice(*event.word.span)] == event.word.text
    places = [event.word.span for event in words]
    assert places == sorted(set(places)), "words that are written twice have each their own place"
    assert [event.word.text for event in words] == re.findall(r"[\w$]+", transcript)
    for event in stage.of(SentenceStarted):
        assert transcript[slice(*event.span)] == event.text


def test_words_are_told_before_their_sound_is_sent() -> None:
    stage = played(spans=True)
    sent = 0.0
    told = 0
    for _, event in stage.log:
        if isinstance(event, AudioOut):
            sent += len(event.data) / 2 / 24_000
        elif isinstance(event, WordSpoken):
            told += 1
            assert event.word.start >= sent - 1e-6
    assert told > 10


def test_word_times_hold_across_clauses_pauses_and_rates() -> None:
    """A character takes 50 ms, so a word begins as long after its clause as characters lie between."""
    stage = played(spans=True)
    clauses = stage.of(SentenceStarted)
    assert len(clauses) > 3
    for event in stage.of(WordSpoken):
        clause = next(one for one in clauses if one.span[0] <= event.word.span[0] < one.span[1])
        after = (event.word.span[0] - clause.span[0]) * LETTER
        assert event.word.start == pytest.approx(clause.start_ms / 1000 + after, abs=0.002)


class StreamedTts(FakeTts):
    """Sound without word times, 100 ms at a time: a character takes 50 ms, a mark is silence."""

    async def stream(
        self, text: str, *, voice: str | None = None, style: Style = Style(), **_: Any
    ) -> AsyncGenerator[AudioChunk, None]:
        loud = np.repeat([0.0 if char in ",.!" else 0.3 for char in text], round(LETTER * 24_000))
        for start in range(0, len(loud), 2400):
            await asyncio.sleep(0.02)
            yield AudioChunk(Pcm(loud[start : start + 2400].astype(np.float32), 24_000), (0, len(text)))


def test_words_without_times_are_estimated_and_told_with_their_sound() -> None:
    answer = "One two, three four. Five six seven eight nine, ten eleven. Twelve."

    async def play() -> Stage:
        stage = open_stage(llm=FakeLlm(reply=lambda messages: answer), tts=StreamedTts())
        stage.conversation.say("Count")
        await asyncio.sleep(12)
        await stage.conversation.close()
        return stage

    stage = run(play())
    words = stage.of(WordSpoken)
    assert [event.word.text for event in words] == re.findall(r"\w+", answer)
    for event in words:
        assert answer[slice(*event.word.span)] == event.word.text
        assert not event.word.measured
    starts = [event.word.start for event in words]
    assert starts == sorted(starts)
    packet = 0.45  # the lead, which goes out at once
    sent = 0.0
    for _, event in stage.log:
        if isinstance(event, AudioOut):
            sent += len(event.data) / 2 / 24_000
        elif isinstance(event, WordSpoken):
            assert sent - packet < event.word.start < sent + packet
