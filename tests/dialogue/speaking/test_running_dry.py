"""A reply whose sound runs out before its next clause is made: it comes sooner, and the pause goes."""

from __future__ import annotations

import numpy as np
from dialogue.scripted import FakeLlm, FakeTts, Stage, open_stage
from dialogue.virtual_time import run

from kaikou.dialogue.events import AudioOut

REPLY = "Yes, I feel the same way as you do about all of it, and more than that."


def answered(each: float, delay: float) -> Stage:
    """``each`` word of the model takes so long, and ``delay`` each clause of the voice."""

    async def play() -> Stage:
        stage = open_stage(llm=FakeLlm(lambda messages: REPLY, each=each), tts=FakeTts(delay=delay))
        await stage.speak(1.0)
        await stage.quiet(14)
        await stage.conversation.close()
        return stage

    stage = run(play())
    assert " ".join(stage.tts.spoken) == REPLY, "nothing is lost"
    return stage


def silences(stage: Stage) -> list[float]:
    """Seconds of each stretch of silence that was sent."""
    sound = np.frombuffer(b"".join(event.data for event in stage.of(AudioOut)), np.int16)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], np.abs(sound) < 100, [0])).astype(np.int8)))
    found = np.diff(edges)[::2] / 24_000
    return [round(float(one), 2) for one in found if one > 0.02]


def test_a_slow_model_is_spoken_in_short_clauses_while_little_is_left_to_hear() -> None:
    stage = answered(each=0.15, delay=0.3)
    assert stage.tts.spoken[:3] == ["Yes,", "I feel the same way", "as you do about all of it,"]
    assert silences(stage) == [0.12], "where there was a wait, behind the first comma, no pause is added"


def test_clauses_are_whole_where_the_words_are_there_before_the_voice_is_free() -> None:
    stage = answered(each=0.01, delay=0.3)
    assert stage.tts.spoken[1] == "I feel the same way as you do"
    assert silences(stage) == [0.12], "behind the second comma"
