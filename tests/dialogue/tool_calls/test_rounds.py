"""Tools called in the middle of a conversation, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from dialogue.scripted import Stage
from dialogue.tooled import CONFIG, Shelf, call, tooled
from dialogue.virtual_time import run

from kaikou.dialogue.events import Interrupted, ReplyDone, SentenceStarted, ToolCalled, ToolReturned
from kaikou.dialogue.items import Item
from kaikou.dialogue.session import SessionConfig, TurnPolicy
from kaikou.engines.ports import Message, Tool, ToolCall
from kaikou.settings.services import ToolSettings
from kaikou.tools.ports import Caller, Outcome

WRITTEN = replace(CONFIG, audio_replies=False)


def kinds(stage: Stage) -> list[str]:
    return [item.kind if item.kind != "message" else f"{item.role}" for item in stage.conversation.items]


async def ask(stage: Stage, seconds: float = 20.0) -> Stage:
    stage.conversation.say("Do it")
    await asyncio.sleep(seconds)
    await stage.conversation.close()
    return stage


def test_what_a_tool_gives_is_fed_back_and_answered() -> None:
    async def play() -> Stage:
        stage = tooled(Shelf({"clock": Outcome("It is five.")}), [call("clock", n=3)], "Five o'clock.")
        return await ask(stage)

    stage = run(play())
    assert kinds(stage) == ["user", "function_call", "function_call_output", "assistant"]
    assert stage.conversation.items[2].output == "It is five."
    assert stage.tts.spoken == ["Five o'clock."]
    assert [message.role for message in stage.llm.prompts[1]] == ["system", "user", "assistant", "tool"]
    assert stage.llm.prompts[1][:2] == stage.llm.prompts[0], "the prompt's beginning stays"
    assert len(stage.of(ReplyDone)) == 1 and stage.of(ReplyDone)[0].status == "completed"
    called, returned = stage.of(ToolCalled)[0], stage.of(ToolReturned)[0]
    assert (called.server, called.title, called.call.name) == (True, "Clock", "clock")
    assert (returned.call_id, returned.failed) == ("call_1", False)
    order = [
        name for name in stage.names() if name in {"ReplyStarted", "ToolCalled", "ToolReturned", "AudioOut"}
    ]
    assert order[:4] == ["ReplyStarted", "ToolCalled", "ToolReturned", "AudioOut"]


def test_calls_of_one_round_run_at_the_same_time() -> None:
    shelf = Shelf({"slow": Outcome("a"), "slower": Outcome("b")}, takes={"slow": 1.0, "slower": 1.2})

    async def play() -> Stage:
        stage = tooled(shelf, [call("slower", "1"), call("slow", "2")], "Both.", config=WRITTEN)
        return await ask(stage)

    stage = run(play())
    assert shelf.most == 2
    assert kinds(stage) == [
        "user", "function_call", "function_call", "function_call_output", "function_call_output", "assistant",
    ]  # fmt: skip
    assert [item.call_id for item in stage.conversation.items[3:5]] == ["call_2", "call_1"]
    calls = stage.llm.prompts[1][2]
    assert [one.name for one in calls.tool_calls] == ["slower", "slow"]


def test_after_the_last_round_words_must_come() -> None:
    shelf = Shelf({"again": Outcome("more")})

    async def play() -> Stage:
        stage = tooled(shelf, [call("again")], config=WRITTEN, tools=ToolSettings(max_rounds=3))
        return await ask(stage)

    stage = run(play())
    assert len(shelf.called) == 3
    choices = [generation.tool_choice for generation in stage.llm.generations]
    assert choices == ["auto", "auto", "auto", "none"]
    assert all(generation.tools for generation in stage.llm.generations), "the prompt's tools stay"
    # The model calls even so: somebody must say something.
    assert stage.history()[-1] == ("assistant", "Done.")
    assert stage.of(ReplyDone)[0].status == "completed"


def test_a_failed_tool_is_told_to_the_model() -> None:
    async def play() -> Stage:
        stage = tooled(
            Shelf({"broken": ValueError("no wire")}), [call("broken")], "It broke.", config=WRITTEN
        )
        return await ask(stage)

    stage = run(play())
    assert "no wire" in stage.llm.prompts[1][-1].content
    assert stage.of(ToolReturned)[0].failed
    assert stage.history()[-1] == ("assistant", "It broke.")


def test_a_model_that_invents_a_tool_or_its_arguments_is_told_so() -> None:
    shelf = Shelf({"clock": Outcome("five")})

    async def play() -> Stage:
        rounds = [call("flock", "1"), call("clock", "2", n="many")]
        return await ask(tooled(shelf, rounds, "I see.", config=WRITTEN))

    stage = run(play())
    outputs = [item.output or "" for item in stage.conversation.items if item.kind == "function_call_output"]
    assert "flock" in outputs[0] and "n" in outputs[1]
    assert shelf.called == []


def test_silence_after_a_tool_is_filled_with_how_it_went() -> None:
    async def play(outcome: Outcome, language: str) -> Stage:
        config = replace(WRITTEN, language=language)
        return await ask(tooled(Shelf({"lamp": outcome}), [call("lamp")], "", config=config))

    assert run(play(Outcome("on"), "zh")).history()[-1][1] == "好了。"
    assert run(play(Outcome("off", failed=True), "en")).history()[-1][1] == "I'm sorry, that didn't work."


def test_words_to_be_spoken_as_they_are_need_no_further_round() -> None:
    async def play(*speak: str | None) -> Stage:
        gives = {f"tool{n}": Outcome("text", speak=words) for n, words in enumerate(speak)}
        calls = [call(name, name) for name in gives]
        return await ask(tooled(Shelf(gives), calls, "The model's.", config=WRITTEN))

    assert run(play("As it is.")).history()[-1][1] == "As it is."
    assert len(run(play("As it is.")).llm.prompts) == 1
    assert run(play("One.", None)).history()[-1][1] == "One.\nThe model's."
    silent = run(play(""))
    assert [role for role, _ in silent.history()] == ["user", None, None]
    assert silent.of(ReplyDone)[0].status == "completed" and len(silent.llm.prompts) == 1


def test_a_slow_tool_is_bridged_once_and_never_twice_with_the_same_words() -> None:
    async def play() -> Stage:
        shelf = Shelf({"slow": Outcome("x")}, takes={"slow": 9.0})
        rounds = [call("slow", "1")], [call("slow", "2")], "Found.", [call("slow", "3")], "Again."
        stage = tooled(shelf, *rounds)
        stage.conversation.say("Look")
        await asyncio.sleep(30)
        stage.conversation.say("And again")
        await asyncio.sleep(30)
        await stage.conversation.close()
        return stage

    stage = run(play())
    assert stage.tts.spoken == ["Just a moment.", "Found.", "Let me have a look.", "Again."]
    spoken = stage.at(SentenceStarted)
    assert spoken[0] - stage.at(ToolCalled)[0] == pytest.approx(1.5 + 0.15, abs=0.1)


def test_no_filler_where_the_model_spoke_where_the_tool_is_quick_or_in_writing() -> None:
    async def play(seconds: float, first: list[ToolCall | str], config: SessionConfig = CONFIG) -> Stage:
        shelf = Shelf({"look": Outcome("x")}, takes={"look": seconds})
        return await ask(tooled(shelf, first, "Found.", config=config), 30)

    assert run(play(1.0, [call("look")])).tts.spoken == ["Found."]
    spoke = run(play(5.0, ["I'm looking for it", call("look")]))
    assert spoke.tts.spoken == ["I'm looking for it", "Found."]
    first_word = spoke.at(SentenceStarted)[0]
    assert first_word < spoke.at(ToolReturned)[0], "what was said is heard while the tool works"
    assert run(play(5.0, [call("look")], WRITTEN)).history()[-1][1] == "Found."


def test_what_was_said_before_a_call_stands_before_it_in_the_next_prompt() -> None:
    async def play() -> Stage:
        shelf = Shelf({"look": Outcome("x")})
        return await ask(tooled(shelf, ["Let me see.", call("look")], "Found.", config=WRITTEN))

    stage = run(play())
    told = stage.llm.prompts[1][2]
    assert (told.role, told.content, [one.name for one in told.tool_calls]) == (
        "assistant",
        "Let me see.",
        ["look"],
    )
    assert kinds(stage) == ["user", "function_call", "function_call_output", "assistant"]
    assert stage.history()[-1][1] == "Let me see.\nFound."


def test_a_tool_may_speak_in_between() -> None:
    async def play() -> Stage:
        shelf = Shelf({"bake": Outcome("x")}, takes={"bake": 6.0}, says={"bake": "The oven is warm."})
        return await ask(tooled(shelf, [call("bake")], "Ready."), 30)

    assert run(play()).tts.spoken == ["The oven is warm.", "Ready."]


@pytest.mark.parametrize("how", ["interrupt", "say", "close"])
def test_a_reply_that_is_stopped_stops_its_tools(how: str) -> None:
    shelf = Shelf({"slow": Outcome("x"), "quick": Outcome("y")}, takes={"slow": 50.0})

    async def play() -> Stage:
        stage = tooled(shelf, [call("slow", "1"), call("quick", "2")], "Found.")
        stage.conversation.say("Look")
        await asyncio.sleep(1.0)
        assert shelf.running == 1
        if how == "interrupt":
            stage.conversation.interrupt()
        elif how == "say":
            stage.conversation.say("Never mind")
        else:
            await stage.conversation.close()
        await asyncio.sleep(3)
        assert shelf.running == 0
        await stage.conversation.close()
        return stage

    stage = run(play())
    outputs = [item for item in stage.conversation.items if item.kind == "function_call_output"]
    by_call = {item.call_id: item.output for item in outputs}
    assert by_call == {"call_1": "It was stopped before it was done.", "call_2": "y"}
    assert kinds(stage)[:5] == ["user", *["function_call"] * 2, *["function_call_output"] * 2]
    assert stage.of(Interrupted) and stage.of(ReplyDone)[0].status == "cancelled"
    if how == "say":
        assert [message.role for message in stage.llm.prompts[-1]] == [
            "system", "user", "assistant", "tool", "tool", "user",
        ]  # fmt: skip


def test_nothing_is_called_for_a_guess() -> None:
    shelf = Shelf({"order": Outcome("ordered")})

    async def play() -> Stage:
        config = replace(CONFIG, turn=TurnPolicy())
        stage = tooled(shelf, [call("order")], [call("order")], "Ordered.", config=config)
        stage.turn.probability = 0.1
        await stage.speak(1.0)
        await stage.quiet(0.7)  # long enough to guess, too short to end
        assert stage.llm.prompts and not shelf.called
        await stage.speak(1.0)
        stage.turn.probability = 0.95
        await stage.quiet(8)
        await stage.conversation.close()
        return stage

    stage = run(play())
    assert len(shelf.called) == 1
    assert kinds(stage) == ["user", "function_call", "function_call_output", "assistant"]


def test_the_clients_tools_stay_the_clients() -> None:
    shelf = Shelf({"ours": Outcome("done here")})
    theirs = Tool("theirs", "The client's.", {"type": "object", "properties": {}})

    async def play() -> Stage:
        config = replace(WRITTEN, tools=(theirs,))
        stage = tooled(shelf, [call("ours", "1"), call("theirs", "2")], "All done.", config=config)
        stage.conversation.say("Both")
        await asyncio.sleep(3)
        assert len(stage.llm.prompts) == 1, "the client's part is waited for"
        stage.conversation.add_item(
            Item("out", "function_call_output", call_id="call_2", output="done there")
        )
        stage.conversation.respond()
        await asyncio.sleep(3)
        await stage.conversation.close()
        return stage

    stage = run(play())
    assert [(event.call.name, event.server) for event in stage.of(ToolCalled)] == [
        ("ours", True),
        ("theirs", False),
    ]
    assert [tool.name for tool in stage.llm.generations[0].tools] == ["theirs", "ours"]
    assert [name for name, _ in shelf.called] == ["ours"]
    assert stage.history()[-1] == ("assistant", "All done.")


def test_the_agents_list_is_kept() -> None:
    shelf = Shelf({"one": Outcome("x"), "two": Outcome("y")})

    async def play() -> Stage:
        stage = tooled(shelf, [call("two")], "Hm.", config=WRITTEN, allowed=frozenset({"builtin/one"}))
        return await ask(stage)

    stage = run(play())
    assert [tool.name for tool in stage.llm.generations[0].tools] == ["one"]
    assert shelf.called == []
    assert stage.of(ToolReturned)[0].failed


class Asking(Shelf):
    """Its tool asks the model and another tool before it answers."""

    async def call(self, name: str, arguments: Mapping[str, Any], caller: Caller) -> Outcome:
        if name != "tell":
            return await super().call(name, arguments, caller)
        asked = await caller.ask([Message("user", "A tale, please.")])
        clock = await caller.use("clock", '{"n": 2}')
        nothing = await caller.use("gone", "{}")
        return Outcome(f"{[tool.name for tool in caller.tools()]} {asked} {clock.text} {nothing.text}")


def test_a_tool_asks_the_model_and_another_tool() -> None:
    async def play() -> Stage:
        shelf = Asking({"clock": Outcome("It is five."), "tell": Outcome()})
        stage = tooled(shelf, [call("tell")], "Once upon a time.", "Done.")
        assert stage.conversation.hands is not None
        stage.conversation.hands.caller.model = stage.llm
        return await ask(stage)

    stage = run(play())
    told = "['clock', 'tell'] Once upon a time. It is five. There is no tool named gone."
    assert stage.conversation.items[2].output == told
    assert [one.content for one in stage.llm.prompts[1]] == ["A tale, please."]
    assert stage.tts.spoken == ["Done."]
