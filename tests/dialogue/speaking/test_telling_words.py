"""Words told of the agent's own accord: when they are said, and whether they were heard."""

from __future__ import annotations

import asyncio

from dialogue.scripted import FakeTts, Stage, open_stage
from dialogue.virtual_time import run

from kaikou.dialogue.events import Interrupted, PlaybackEnded, TranscriptFinal
from kaikou.errors import EngineFailed

WORDS = "A reminder: turn off the stove, please, before it burns."


def test_told_once_it_was_heard_to_its_end() -> None:
    async def play() -> tuple[Stage, bool, float]:
        stage = open_stage()
        told = await stage.conversation.tell(WORDS)
        at = asyncio.get_running_loop().time()
        await stage.conversation.close()
        return stage, told, at

    stage, told, at = run(play())
    assert told and stage.history() == [("assistant", WORDS)]
    assert stage.at(PlaybackEnded) == [at] and at > len(WORDS) * 0.05


def test_not_told_when_the_session_ends_first_or_the_voice_fails() -> None:
    async def play() -> list[bool]:
        stage = open_stage()
        first, second = (asyncio.create_task(stage.conversation.tell(WORDS)) for _ in range(2))
        await asyncio.sleep(0.3)
        await stage.conversation.close()
        broken = open_stage(tts=FakeTts(fail=EngineFailed("No voice.")))
        third = await broken.conversation.tell(WORDS)
        await broken.conversation.close()
        return [await first, await second, third]

    assert run(play()) == [False, False, False]


def test_what_the_user_cut_short_was_told() -> None:
    async def play() -> tuple[Stage, bool]:
        stage = open_stage()
        telling = asyncio.create_task(stage.conversation.tell(WORDS))
        await asyncio.sleep(1.5)
        await stage.speak(1.5)
        await stage.quiet(2)
        told = await telling
        await stage.conversation.close()
        return stage, told

    stage, told = run(play())
    assert told and stage.of(Interrupted)


def test_it_waits_for_the_user_to_finish_and_to_be_answered() -> None:
    async def play() -> Stage:
        stage = open_stage()
        await stage.speak(0.5)
        telling = asyncio.create_task(stage.conversation.tell(WORDS))
        await stage.speak(1.5)
        await stage.quiet(3)
        await asyncio.wait_for(telling, 30)
        await stage.conversation.close()
        return stage

    stage = run(play())
    assert not stage.of(Interrupted) and len(stage.of(TranscriptFinal)) == 1
    assert [role for role, _ in stage.history()] == ["user", "assistant", "assistant"]
    assert stage.history()[-1] == ("assistant", WORDS)


def test_a_noise_of_the_users_does_not_keep_it_back_for_good() -> None:
    async def play() -> bool:
        stage = open_stage()
        stage.stt.words = lambda seconds: ""
        await stage.speak(0.5)
        telling = asyncio.create_task(stage.conversation.tell(WORDS))
        await stage.quiet(3)
        told = await asyncio.wait_for(telling, 30)
        await stage.conversation.close()
        return told

    assert run(play())
