from __future__ import annotations

import pytest
from engines.stt.contexts import context

from kaikou.audio.pcm import Pcm
from kaikou.engines.pool import Pool
from kaikou.engines.registry import create
from kaikou.engines.stt.scripted import ScriptedSpeechToText
from kaikou.errors import SettingsError

SOUND = Pcm.from_int16(b"\x01\x10" * 16_000, 16_000)


async def test_answers_in_turn_and_from_the_start_again(pool: Pool) -> None:
    engine = create(
        "stt", context("scripted", pool, scripted={"transcripts": '["one", "two"]', "delay_ms": 0})
    )
    assert isinstance(engine, ScriptedSpeechToText)
    assert engine.card.scripted
    assert [(await engine.transcribe(SOUND)).text for _ in range(3)] == ["one", "two", "one"]


async def test_silence_uses_up_no_answer(pool: Pool) -> None:
    engine = ScriptedSpeechToText(context("scripted", pool, scripted={"transcripts": "only one"}))
    assert (await engine.transcribe(Pcm.silence(1, 16_000))).text == ""
    heard = await engine.transcribe(SOUND, language="zh", words=True)
    assert (heard.text, heard.language, heard.seconds) == ("only one", "zh", 1.0)
    assert [(word.text, word.start, word.end) for word in heard.words] == [("only", 0, 0.5), ("one", 0.5, 1)]
    assert not any(word.measured for word in heard.words)


async def test_unknown_options_are_refused(pool: Pool) -> None:
    with pytest.raises(SettingsError, match="transcript"):
        ScriptedSpeechToText(context("scripted", pool, scripted={"transcript": "typo"}))
