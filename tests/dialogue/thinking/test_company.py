"""What memory and the like add to a session's prompts, and what they are told."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

from dialogue.scripted import RATE, Stage, open_stage
from dialogue.virtual_time import run

from kaikou.audio.pcm import Pcm
from kaikou.dialogue.ports import Talk
from kaikou.dialogue.session import ReplyRequest, SessionConfig
from kaikou.dialogue.thinking.company import Company

TALK = Talk("conv", "agent", "aa:bb")
CONFIG = SessionConfig(instructions="Be kind.", input_rate=RATE)


@dataclass
class Friend:
    """Knows one thing, after ``delay`` seconds."""

    note: str = "Her name is Ada."
    delay: float = 0.0
    fails: bool = False
    asked: list[tuple[str, bool]] = field(default_factory=list)
    turns: list[tuple[str, str]] = field(default_factory=list)
    ends: int = 0

    async def opening(self, talk: Talk) -> str:
        assert talk == TALK
        return "You know her."

    async def enrich(self, talk: Talk, words: str, heard: Pcm | None) -> str:
        self.asked.append((words, heard is not None and heard.seconds > 0.5))
        await asyncio.sleep(self.delay)
        if self.fails:
            raise RuntimeError("forgot")
        return self.note

    def after_turn(self, talk: Talk, user: str, agent: str) -> None:
        self.turns.append((user, agent))

    def closed(self, talk: Talk) -> None:
        self.ends += 1


async def with_friends(*friends: Friend) -> Stage:
    company = Company(TALK, friends, 0.3)
    await company.open()
    return open_stage(CONFIG, company=company)


def test_what_they_know_comes_last_and_leaves_the_prompts_beginning_as_it_was() -> None:
    friend, other = Friend(), Friend(note="It is late.")

    async def play() -> Stage:
        stage = await with_friends(friend, other)
        for words in ("Hello", "Who am I?"):
            stage.conversation.say(words)
            await asyncio.sleep(12)
        await stage.conversation.close()
        return stage

    stage = run(play())
    first, second = stage.llm.prompts
    assert [message.content for message in first] == [
        "Be kind.\n\nYou know her.\n\nYou know her.",
        "Her name is Ada.\n\nIt is late.",
        "Hello",
    ]
    assert [message.role for message in second] == ["system", "user", "assistant", "system", "user"]
    assert second[0] == first[0]
    assert all(message.role != "system" for warmed in stage.llm.warmed for message in warmed[1:])
    said = stage.history()
    assert friend.turns == [(said[0][1], said[1][1]), (said[2][1], said[3][1])]
    assert friend.ends == 1


def test_spoken_words_come_with_their_sound_and_a_guess_is_asked_once() -> None:
    friend = Friend()

    async def play() -> Stage:
        stage = await with_friends(friend)
        await stage.speak(1.5)
        await stage.quiet(8)
        await stage.conversation.close()
        return stage

    run(play())
    assert friend.asked == [("I spoke for 1.5 seconds.", True)]
    assert [user for user, _ in friend.turns] == ["I spoke for 1.5 seconds."]


def test_who_is_late_or_fails_is_gone_on_without() -> None:
    async def play() -> Stage:
        stage = await with_friends(Friend(delay=5), Friend(fails=True), Friend(note="Known."))
        stage.conversation.say("Hello")
        await asyncio.sleep(0.45)
        assert [message.content for message in stage.llm.prompts[0]][1:] == ["Known.", "Hello"]
        await stage.conversation.close()
        return stage

    run(play())


def test_of_a_reply_that_is_cut_they_learn_what_was_heard() -> None:
    friend = Friend()

    async def play() -> Stage:
        stage = await with_friends(friend)
        stage.conversation.say("Tell me something long")
        await asyncio.sleep(3)
        stage.conversation.interrupt()
        await stage.conversation.close()
        return stage

    stage = run(play())
    assert friend.turns == [("Tell me something long", stage.history()[1][1])]
    assert 0 < len(friend.turns[0][1]) < 60


def test_nobody_is_asked_about_a_reply_beside_the_conversation() -> None:
    friend = Friend()

    async def play() -> Stage:
        stage = await with_friends(friend)
        stage.conversation.update(replace(CONFIG, audio_replies=False))
        stage.conversation.respond(ReplyRequest(in_conversation=False, input=()))
        await asyncio.sleep(5)
        await stage.conversation.close()
        return stage

    run(play())
    assert friend.asked == [] and friend.turns == []


def test_a_tool_is_told_what_they_know_and_recall() -> None:
    friend = Friend()

    async def play() -> tuple[str, str]:
        company = Company(TALK, [friend, Friend(note="")], 0.3)
        await company.open()
        return await company.recall("birthday"), await Company(TALK).recall("birthday")

    assert run(play()) == ("You know her.\n\nYou know her.\n\nHer name is Ada.", "")
    assert friend.asked == [("birthday", False)] and not friend.turns
