"""Conversations where something is lost, late, full or broken; in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from dialogue.scripted import RATE, FakeLlm, FakeStt, FakeTts, Stage, open_stage
from dialogue.virtual_time import run

from kaikou.audio.pcm import Pcm
from kaikou.dialogue.events import (
    AudioOut,
    Failed,
    Interrupted,
    ReplyDone,
    SpeechStopped,
    TranscriptFailed,
    TurnCommitted,
)
from kaikou.dialogue.session import SessionConfig, TurnPolicy
from kaikou.dialogue.speaking.pacer import Pacer
from kaikou.dialogue.speaking.phrases import Mouth
from kaikou.engines.ports import AudioChunk, Delta, Generation, Message, Style
from kaikou.errors import EngineFailed, LimitReached
from kaikou.settings.tree import LimitSettings, LiveSettings, Settings

CONFIG = SessionConfig(input_rate=RATE)
MANUAL = replace(CONFIG, turn=TurnPolicy(mode="manual"))
FULL = Settings(limits=LimitSettings(max_items=11))


class BrokenLlm(FakeLlm):
    """Dies in the middle of its second sentence."""

    async def stream(
        self, messages: Sequence[Message], generation: Generation = Generation(), **_: Any
    ) -> AsyncGenerator[Delta, None]:
        yield Delta(text="Well, that is one thing. ")
        await asyncio.sleep(0.5)
        yield Delta(text="And here is quite another one, said at some ")
        raise EngineFailed("It is gone.")


class HoarseTts(FakeTts):
    """Fails at the second clause."""

    async def stream(
        self, text: str, *, voice: str | None = None, style: Style = Style(), **more: Any
    ) -> AsyncGenerator[AudioChunk, None]:
        if self.spoken:
            raise EngineFailed("No voice.")
        async for chunk in super().stream(text, voice=voice, style=style, **more):
            yield chunk


def test_one_sessions_failure_does_not_silence_the_others() -> None:
    async def play() -> int:
        pacer, sent = Pacer(), []

        def broken(now: float) -> bool:
            raise RuntimeError("its client is gone")

        def sound(now: float) -> bool:
            sent.append(now)
            return len(sent) < 5

        pacer.add(1, broken)
        pacer.add(2, sound)
        await asyncio.sleep(1)
        assert not pacer.active
        return len(sent)

    assert run(play()) == 5


def test_a_phrase_first_spoken_by_two_at_once_is_kept_and_counted_once() -> None:
    async def play() -> tuple[int, float]:
        mouth = Mouth(FakeTts(), keep_seconds=3.0)  # type: ignore[arg-type]

        async def speak(text: str) -> None:
            async for _ in mouth.speak(text, None, Style(), keep=True):
                pass

        for text in ("a" * 20, "b" * 20, "c" * 20):  # a second each
            await asyncio.gather(*(speak(text) for _ in range(4)))
        return len(mouth._kept), mouth._seconds

    assert run(play()) == (3, pytest.approx(3.0))


def test_a_full_conversation_says_so_and_lives() -> None:
    async def play() -> Stage:
        stage = open_stage(settings=FULL)
        for number in range(5):
            stage.conversation.say(f"Number {number}")
            await asyncio.sleep(10)
        assert len(stage.conversation.items) == 10
        await stage.speak(1.5)
        await stage.quiet(8)
        assert len(stage.conversation.items) == 12, "the last turn is answered"
        await stage.speak(1.5)
        await stage.quiet(4)
        assert [one.code for one in stage.of(Failed)] == ["items_limit"]
        with pytest.raises(LimitReached):
            stage.conversation.respond()
        with pytest.raises(LimitReached):
            stage.conversation.speak("One more")
        for item in stage.conversation.items[:4]:
            stage.conversation.delete_item(item.id)
        await stage.speak(1.5)
        await stage.quiet(8)
        await stage.conversation.close()
        return stage

    stage = run(play())
    assert [role for role, _ in stage.history()][-2:] == ["user", "assistant"]
    assert len(stage.of(Failed)) == 1 and {one.status for one in stage.of(ReplyDone)} == {"completed"}


@pytest.mark.parametrize("engines", [{"llm": BrokenLlm()}, {"tts": HoarseTts()}], ids=["llm", "tts"])
def test_what_was_made_of_a_reply_that_fails_is_spoken_and_kept(engines: dict[str, Any]) -> None:
    async def play() -> Stage:
        stage = open_stage(**engines)
        stage.conversation.say("Tell me")
        await asyncio.sleep(10)
        stage.tts.spoken.clear()
        await stage.conversation.close()
        return stage

    stage = run(play())
    done = stage.of(ReplyDone)[0]
    assert done.status == "failed" and done.error_code == "engine_failed"
    made = "Well," if "tts" in engines else "Well, that is one thing."
    assert stage.history()[-1] == ("assistant", made), "history keeps what was heard"
    breath = 120 * (made.count(",") - made.endswith(","))
    assert stage.audio_ms == pytest.approx(50 * len(made.replace(", ", ",")) + breath, abs=5)


def test_a_guess_that_failed_is_made_again() -> None:
    class Once(FakeLlm):
        async def stream(self, *given: Any, **more: Any) -> AsyncGenerator[Delta, None]:
            if not self.prompts:
                self.prompts.append([])
                raise EngineFailed("A hiccup.")
            async for delta in super().stream(*given, **more):
                yield delta

    async def play() -> Stage:
        stage = open_stage(llm=Once())
        await stage.speak(1.5)
        await stage.quiet(8)
        await stage.conversation.close()
        return stage

    stage = run(play())
    assert [done.status for done in stage.of(ReplyDone)] == ["completed"]
    assert stage.history()[-1][1].startswith("Well,")


@pytest.mark.parametrize(
    ("answers", "audio", "said"),
    [
        (["", "I feel the same."], True, "I feel the same."),
        (["\n", ""], True, "Sorry, could you say that again?"),
        (["😊", "I feel the same."], True, "I feel the same."),
        (["[thinking]", "I feel the same."], True, "I feel the same."),
        (["👍", "I feel the same."], False, "I feel the same."),
    ],
    ids=["asked again", "at a loss", "a face is no word", "nor is a feeling", "in writing too"],
)
def test_a_model_without_words_leaves_nobody_in_silence(answers: list[str], audio: bool, said: str) -> None:
    async def play() -> Stage:
        left = list(answers)
        stage = open_stage(
            llm=FakeLlm(reply=lambda messages: left.pop(0)), config=replace(CONFIG, audio_replies=audio)
        )
        stage.conversation.say("Tell me if you feel the same")
        await asyncio.sleep(8)
        await stage.conversation.close()
        return stage

    stage = run(play())
    assert [done.status for done in stage.of(ReplyDone)] == ["completed"]
    assert len(stage.llm.prompts) == 2
    assert stage.history()[-1] == ("assistant", said)
    assert bool(stage.audio_ms) is audio


def test_a_held_reply_does_not_go_on_while_its_client_is_away() -> None:
    async def play() -> Stage:
        stage = open_stage(stt=FakeStt(words=lambda seconds: "mhm" if seconds < 0.6 else "Hello there."))
        stage.conversation.say("Tell me")
        await stage.quiet(1.5)
        await stage.speak(0.4)  # the reply is held
        stage.conversation.detach()
        sent = stage.audio_ms
        await asyncio.sleep(20)  # nothing more is heard, so nobody has spoken
        assert stage.audio_ms == sent
        stage.conversation.attach(stage.conversation.sink)
        await stage.quiet(8)
        await stage.conversation.close()
        return stage

    stage = run(play())
    assert stage.of(ReplyDone)[0].status == "completed"


def test_a_turn_after_manual_ones_begins_where_it_was_spoken() -> None:
    async def play() -> Stage:
        stage = open_stage(MANUAL)
        await stage.quiet(5)
        stage.conversation.update(CONFIG)
        await stage.speak(1)
        await stage.quiet(3)
        await stage.conversation.close()
        return stage

    stage = run(play())
    audio = stage.conversation.items[0].parts[0].audio  # type: ignore[union-attr]
    assert audio is not None and audio.seconds < 2


def test_hanging_up_while_words_are_recognised_leaves_nothing() -> None:
    async def play() -> Stage:
        stage = open_stage(stt=FakeStt(delay=3))
        await stage.speak(1.5)
        await stage.quiet(1)
        await stage.conversation.close()
        assert stage.conversation.task_count == 0
        return stage

    stage = run(play())
    assert not stage.of(TurnCommitted) and not stage.of(TranscriptFailed) and not stage.of(Failed)


def test_an_interruption_before_the_first_sound_leaves_no_words() -> None:
    async def play() -> Stage:
        stage = open_stage(llm=FakeLlm(first=1.5))
        await stage.speak(1.5)
        await stage.quiet(0.9)
        stage.conversation.interrupt()
        stage.conversation.interrupt()
        await stage.quiet(4)
        await stage.speak(1.0)
        await stage.quiet(10)
        await stage.conversation.close()
        return stage

    stage = run(play())
    assert [done.status for done in stage.of(ReplyDone)] == ["cancelled", "completed"]
    assert len(stage.of(Interrupted)) == 1
    assert [role for role, _ in stage.history()] == ["user", "user", "assistant"]


def test_a_speech_without_end_is_taken_in_pieces() -> None:
    async def play() -> Stage:
        stage = open_stage(settings=Settings(live=LiveSettings(max_utterance_seconds=5)))
        await stage.speak(13)
        await stage.quiet(10)
        await stage.conversation.close()
        return stage

    stage = run(play())
    assert len(stage.of(SpeechStopped)) == 3
    assert sum(role == "user" for role, _ in stage.history()) == 3
    assert stage.of(ReplyDone)[-1].status == "completed" and stage.of(AudioOut)


def test_a_place_is_free_even_if_the_closing_is_broken_off() -> None:
    async def play() -> None:
        stage = open_stage(stt=FakeStt(delay=3))
        ended: list[str] = []
        stage.conversation.when_closed.append(lambda: ended.append("ended"))
        stage.conversation.hear(Pcm(np.zeros(320, np.float32), RATE))
        stage.conversation._tasks.spawn(_stubborn(), "slow to end")
        await asyncio.sleep(0)
        closing = asyncio.create_task(stage.conversation.close())
        await asyncio.sleep(0.1)
        closing.cancel()
        await asyncio.wait({closing})
        assert ended == ["ended"]
        await asyncio.sleep(5)

    run(play())


async def _stubborn() -> None:
    try:
        await asyncio.sleep(60)
    finally:
        await asyncio.sleep(2)
