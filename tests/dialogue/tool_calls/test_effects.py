"""What a tool brings about in the conversation it was called in, in virtual time."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from dialogue.scripted import Stage
from dialogue.tooled import CONFIG, Shelf, call, tooled
from dialogue.virtual_time import run

from kaikou.audio.pcm import Pcm
from kaikou.dialogue.events import AudioOut, Interrupted, Left, PlaybackEnded, ReplyDone, ReplyText
from kaikou.dialogue.session import SessionConfig
from kaikou.dialogue.speaking import saying
from kaikou.dialogue.speaking.sounds import recording
from kaikou.errors import InvalidInput, KaikouError
from kaikou.tools.ports import (
    ChangeAgent,
    ChangePrompt,
    ChangeVolume,
    Effect,
    Leave,
    Outcome,
    PlayAudio,
    SetVolume,
)

WRITTEN = replace(CONFIG, audio_replies=False)


def effect(*effects: Effect, speak: str | None = None) -> Shelf:
    return Shelf({"do": Outcome("As you wish.", speak=speak, effects=effects)})


async def told(stage: Stage, seconds: float = 20.0) -> Stage:
    stage.conversation.say("Do it")
    await asyncio.sleep(seconds)
    await stage.conversation.close()
    return stage


@pytest.mark.parametrize("config", [CONFIG, WRITTEN])
@pytest.mark.parametrize("speak", [None, "Goodbye, then."])
def test_the_agent_leaves_once_its_farewell_was_heard(config: SessionConfig, speak: str | None) -> None:
    async def play() -> Stage:
        shelf = effect(Leave("Goodbye, then."), speak=speak)
        return await told(tooled(shelf, [call("do")], "No.", config=config))

    stage = run(play())
    assert stage.history()[-1] == ("assistant", "Goodbye, then.")
    assert len(stage.llm.prompts) == 1 and len(stage.of(Left)) == 1
    names = stage.names()
    assert names.index("Left") > names.index("PlaybackEnded")


def test_other_instructions_are_in_force_at_once_and_tools_see_the_conversation() -> None:
    async def play() -> Stage:
        stage = tooled(effect(ChangePrompt("Be a pirate.")), [call("do")], "Aye.", "Arr.")
        hands = stage.conversation.hands
        assert hands is not None
        stage.conversation.say("Do it")
        await asyncio.sleep(20)
        seen = [(one.role, one.content) for one in hands.caller.messages()]
        assert seen[0] == ("system", "Be a pirate.") and ("assistant", "Aye.") in seen
        return await told(stage)

    stage = run(play())
    first, *later = [messages[0].content for messages in stage.llm.prompts]
    assert first.startswith("Help.") and len(later) == 2
    assert all(prompt.startswith("Be a pirate.") for prompt in later)


def test_an_agent_that_said_goodbye_does_not_say_it_again() -> None:
    async def play() -> Stage:
        return await told(
            tooled(effect(Leave("Goodbye!"), speak="Goodbye!"), ["See you.", call("do")], "No.")
        )

    stage = run(play())
    assert stage.tts.spoken == ["See you."]
    assert len(stage.of(Left)) == 1


def test_whoever_interrupts_the_farewell_stays() -> None:
    async def play() -> Stage:
        stage = tooled(effect(Leave("Goodbye, my friend, until another day.")), [call("do")], "Sure.")
        stage.conversation.say("Bye")
        await asyncio.sleep(1.5)
        stage.conversation.say("Wait")
        await asyncio.sleep(10)
        await stage.conversation.close()
        return stage

    stage = run(play())
    assert stage.of(Interrupted) and not stage.of(Left)
    assert stage.history()[-1] == ("assistant", "Sure.")


def test_loudness_is_set_where_it_can_be_and_else_the_model_is_told() -> None:
    set_to: list[int] = []

    async def play(*, able: bool) -> Stage:
        stage = tooled(effect(SetVolume(30)), [call("do")], "Well.", config=WRITTEN)

        async def volume(percent: int) -> None:
            if percent > 50:
                raise KaikouError("Too loud.")
            set_to.append(percent)

        if able:
            assert stage.conversation.hands is not None
            stage.conversation.hands.volume = volume
        return await told(stage)

    stage = run(play(able=True))
    assert set_to == [30] and stage.conversation.items[2].output == "As you wish."
    unable = run(play(able=False))
    assert "can't be set from here" in (unable.conversation.items[2].output or "")


def test_louder_goes_on_from_how_loud_it_is() -> None:
    async def play(by: int, level: int | None) -> list[int]:
        stage = tooled(effect(ChangeVolume(by)), [call("do")], "Well.", config=WRITTEN)
        set_to: list[int] = []

        async def volume(percent: int) -> None:
            set_to.append(percent)

        async def now() -> int | None:
            return level

        assert stage.conversation.hands is not None
        stage.conversation.hands.volume, stage.conversation.hands.level = volume, now
        await told(stage)
        return set_to

    assert run(play(15, 40)) == [55]
    assert run(play(-15, 10)) == [0]
    assert run(play(-15, None)) == [55], "a device that doesn't tell"


@pytest.mark.parametrize("greeting", ["Tom here.", ""])
def test_another_agent_goes_on_in_its_own_voice(greeting: str) -> None:
    async def play() -> Stage:
        async def change(agent_id: str) -> None:
            config = stage.conversation.config
            stage.conversation.update(
                replace(config, instructions=f"You are {agent_id}.", voice="tom", greeting=greeting)
            )

        stage = tooled(effect(ChangeAgent("tom")), [call("do")], "I am Tom.", change_agent=change)
        return await told(stage)

    stage = run(play())
    replies = stage.of(ReplyDone)
    assert [reply.status for reply in replies] == ["completed", "completed"]
    assert stage.tts.spoken == [greeting or "I am Tom."]
    if not greeting:
        assert stage.llm.prompts[-1][0].content == "You are tom."
        assert not stage.llm.generations[-1].tools or stage.llm.generations[-1].tool_choice == "none"


def test_an_agent_that_can_not_take_over_is_told_of() -> None:
    async def play() -> Stage:
        async def change(agent_id: str) -> None:
            raise InvalidInput("It has engines of its own.")

        return await told(tooled(effect(ChangeAgent("tom")), [call("do")], "Sorry.", change_agent=change))

    stage = run(play())
    assert stage.llm.prompts[1][-1].content == "It has engines of its own."
    assert stage.tts.spoken == ["Sorry."]


class Song:
    """Forty seconds of sound, and how much of it was read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.read = 0.0
        self.closed = False
        monkeypatch.setattr(saying, "recording", self.sound)

    async def sound(self, source: Path | bytes, rate: int, longest: float) -> AsyncGenerator[Pcm, None]:
        try:
            for _ in range(40):
                self.read += 1
                yield Pcm(np.full(rate, 0.2, np.float32), rate)
        finally:
            self.closed = True


def test_music_follows_the_answer_and_is_read_as_it_is_played(monkeypatch: pytest.MonkeyPatch) -> None:
    song = Song(monkeypatch)

    async def play() -> Stage:
        stage = tooled(effect(PlayAudio(b"", "Gymnopédie")), [call("do")], "Playing it.")
        stage.conversation.say("Play something")
        await asyncio.sleep(12)
        assert 10 < song.read < 22
        await asyncio.sleep(40)
        assert song.closed
        await stage.conversation.close()
        return stage

    stage = run(play())
    assert [reply.text for reply in stage.of(ReplyDone)] == ["Playing it.", "♪ Gymnopédie"]
    assert stage.history()[-1] == ("assistant", "♪ Gymnopédie")
    assert stage.audio_ms == pytest.approx(40_000 + len("Playing it.") * 50, abs=100)
    assert len(stage.of(PlaybackEnded)) == 2


def test_music_ends_when_somebody_speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    song = Song(monkeypatch)

    async def play() -> Stage:
        config = replace(CONFIG, turn=SessionConfig().turn)
        stage = tooled(effect(PlayAudio(b"", "Song"), speak=""), [call("do")], "Stopped.", config=config)
        stage.conversation.say("Play something")
        await stage.quiet(5)
        assert stage.of(AudioOut)
        await stage.speak(1.5)
        await stage.quiet(6)
        assert song.closed
        await stage.conversation.close()
        return stage

    stage = run(play())
    cut = stage.of(Interrupted)[0]
    assert 3000 < cut.heard_ms < 8000 and song.read < 20
    assert stage.tts.spoken == ["Stopped."]


def test_music_ends_for_a_reminder(monkeypatch: pytest.MonkeyPatch) -> None:
    song = Song(monkeypatch)

    async def play() -> Stage:
        stage = tooled(effect(PlayAudio(b"", "Song"), speak=""), [call("do")])
        stage.conversation.say("Play something")
        await asyncio.sleep(5)
        assert stage.of(AudioOut)
        async with asyncio.timeout(10):
            assert await stage.conversation.tell("A reminder: the stove.")
        assert song.closed
        await stage.conversation.close()
        return stage

    stage = run(play())
    assert stage.history()[-1] == ("assistant", "A reminder: the stove.")
    assert [one.heard_ms > 3000 for one in stage.of(Interrupted)] == [True]


def test_nothing_is_played_in_writing() -> None:
    async def play() -> Stage:
        return await told(tooled(effect(PlayAudio(b"", "Song")), [call("do")], "I can't.", config=WRITTEN))

    stage = run(play())
    assert "nothing can be played" in stage.llm.prompts[1][-1].content
    assert [event.delta for event in stage.of(ReplyText)] == ["I can't."]


def test_an_unreadable_recording_is_an_error_not_silence(tmp_path: Path) -> None:
    (tmp_path / "song.mp3").write_text("no music")

    async def play() -> None:
        with pytest.raises(InvalidInput):
            async for _ in recording(tmp_path / "song.mp3", 24_000, 60):
                pass

    asyncio.run(play())


def test_a_recording_is_read_in_seconds_and_let_go(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(np.full(16_000 * 5, 3000, np.int16).tobytes())

    async def play(longest: float) -> list[float]:
        return [pcm.seconds async for pcm in recording(path, 24_000, longest)]

    lengths = asyncio.run(play(60))
    assert sum(lengths) == pytest.approx(5, abs=0.02) and max(lengths) < 1.5
    assert sum(asyncio.run(play(2))) < 3.5
