"""Tools for a model that can't call them: decided before it is asked, spoken in the tools' own words."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dialogue.scripted import Stage
from dialogue.tooled import CONFIG, Shelf, call, tooled
from dialogue.virtual_time import run

from kaikou.dialogue.events import ReplyDone
from kaikou.dialogue.session import TurnPolicy
from kaikou.engines.ports import LanguageModel, Message, Tool, ToolCall
from kaikou.intent.ports import Decision
from kaikou.tools.ports import Outcome

WRITTEN = replace(CONFIG, audio_replies=False)


@dataclass
class Decides:
    """Calls ``calls`` whenever the user's words hold ``word``."""

    word: str
    calls: tuple[ToolCall, ...]
    asked: int = 0
    warmed: int = 0
    fails: bool = False
    offers = False

    async def decide(
        self, messages: Sequence[Message], tools: Sequence[Tool], model: LanguageModel
    ) -> Decision:
        self.asked += 1
        if self.fails:
            raise RuntimeError("no idea")
        said = messages[-1].content
        return Decision(calls=self.calls, plainly=True) if self.word in said else Decision()

    async def warm(self, model: LanguageModel, tools: Sequence[Tool]) -> None:
        self.warmed += 1


async def said(stage: Stage, *words: str) -> Stage:
    for one in words:
        stage.conversation.say(one)
        await asyncio.sleep(8)
    await stage.conversation.close()
    return stage


def test_a_tools_own_words_are_spoken_and_the_model_is_not_asked() -> None:
    shelf = Shelf({"clock": Outcome("17:00", plain="It is five.")})

    async def play() -> Stage:
        intent = Decides("time", (call("clock"),))
        return await said(tooled(shelf, "Hello.", intent=intent), "What time is it?", "Hi")

    stage = run(play())
    assert stage.tts.spoken == ["It is five.", "Hello."]
    assert len(stage.llm.prompts) == 1
    assert all(not generation.tools for generation in stage.llm.generations)
    kinds = [item.role or item.kind for item in stage.conversation.items]
    assert kinds == ["user", "function_call", "function_call_output", "assistant", "user", "assistant"]


def test_without_words_of_its_own_the_model_puts_the_result_into_words() -> None:
    shelf = Shelf({"clock": Outcome("17:00")})

    async def play(outcome: Outcome) -> Stage:
        shelf.gives = {"clock": outcome}
        return await said(
            tooled(shelf, "Five it is.", config=WRITTEN, intent=Decides("time", (call("clock"),))),
            "The time?",
        )

    stage = run(play(Outcome("17:00")))
    assert stage.llm.prompts[0][-1].content == "17:00"
    assert stage.history()[-1] == ("assistant", "Five it is.")


def test_a_failure_is_never_left_to_that_model() -> None:
    async def play(outcome: Outcome) -> Stage:
        shelf = Shelf({"clock": outcome})
        session = tooled(shelf, "Five it is.", config=WRITTEN, intent=Decides("time", (call("clock"),)))
        return await said(session, "The time?")

    told = run(play(Outcome("E42: broken", plain="The clock is broken.", failed=True)))
    assert told.history()[-1] == ("assistant", "The clock is broken.")
    bare = run(play(Outcome("E42: broken", failed=True)))
    assert bare.history()[-1] == ("assistant", "I'm sorry, that didn't work.")
    assert told.llm.prompts == bare.llm.prompts == []


def test_who_can_not_decide_is_answered_without_tools() -> None:
    async def play() -> Stage:
        intent = Decides("time", (call("clock"),), fails=True)
        shelf = Shelf({"clock": Outcome("17:00")})
        return await said(tooled(shelf, "I don't know.", config=WRITTEN, intent=intent), "What time is it?")

    stage = run(play())
    assert stage.history()[-1] == ("assistant", "I don't know.")
    assert stage.of(ReplyDone)[0].status == "completed"


def test_a_guess_is_decided_ahead_and_called_once_the_turn_is_over() -> None:
    shelf = Shelf({"clock": Outcome("17:00", plain="It is five.")})
    intent = Decides("spoke", (call("clock"),))

    async def play() -> Stage:
        stage = tooled(shelf, "Hm.", config=replace(CONFIG, turn=TurnPolicy()), intent=intent)
        stage.conversation.start()
        await stage.speak(1.0)
        await stage.quiet(6)
        await stage.conversation.close()
        return stage

    stage = run(play())
    assert shelf.called and stage.tts.spoken == ["It is five."]
    assert intent.asked == 1 and intent.warmed >= 1
