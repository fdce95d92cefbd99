"""Learning and recalling over several conversations, on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import json

from memory.conftest import FakeTalk, Home, MakeHome

from kaikou.engines.ports import Lane
from kaikou.errors import EngineFailed, NotReady
from kaikou.store.conversations import now


def facts(*found: tuple[int, str, str]) -> str:
    return json.dumps({"facts": [f"{at} {topic}: {fact}" for at, topic, fact in found]})


NAME = facts((1, "name", "The user's name is Anna."))


async def test_the_next_conversation_knows_the_name(home: Home) -> None:
    home.model.answers = [NAME]
    assert await home.talk("Hello! My name is Anna.") == ""
    await home.learned()
    assert await home.texts() == ["The user's name is Anna."]
    known = await home.talk(talk=FakeTalk("conv_2"))
    assert "- The user's name is Anna." in known
    assert home.model.lanes == [Lane.BATCH]
    assert {"agent": "mei", "who": "browser", "change": "learned", "ids": []} in home.told


async def test_what_is_not_learned_yet_is_told_as_it_was_said(home: Home) -> None:
    home.model.open.clear()
    home.model.answers = [NAME]
    await home.talk("My name is Anna.")
    assert "“My name is Anna.”" in await home.talk(talk=FakeTalk("conv_2"))
    home.model.open.set()
    await home.learned()


async def test_a_name_is_noted_even_where_the_model_overlooks_it(home: Home) -> None:
    home.model.answers = [facts()]
    await home.talk("My name is Anna. I like it here.")
    await home.learned()
    (row,) = await home.repository.of("mei", "browser")
    assert (row.text, row.topic) == ("“My name is Anna.”", "name")


async def test_people_and_agents_are_kept_apart(home: Home) -> None:
    home.model.answers = [NAME]
    await home.talk("My name is Anna.", talk=FakeTalk(device_id="aa:bb"))
    await home.learned()
    assert await home.talk(talk=FakeTalk("conv_2")) == ""
    assert await home.talk(talk=FakeTalk("conv_3", agent_id="robin", device_id="aa:bb")) == ""
    assert "Anna" in await home.talk(talk=FakeTalk("conv_4", device_id="aa:bb"))


async def test_a_known_voice_has_a_memory_of_its_own(home: Home) -> None:
    home.model.answers = [NAME]
    home.speaker = "spk_1"
    await home.talk("My name is Anna.", talk=FakeTalk(device_id="aa:bb"))
    await home.learned()
    assert await home.texts("speaker:spk_1") == ["The user's name is Anna."]
    home.speaker = None
    talk = FakeTalk("conv_2", device_id="cc:dd")
    assert await home.room.opening(talk) == ""
    home.speaker = "spk_1"
    assert "Anna" in await home.room.enrich(talk, "Hello", None)


async def test_browsers_are_kept_apart_and_none_is_the_shared_one(home: Home) -> None:
    home.model.answers = [NAME]
    mine, other = "3f0c8d1e-0000-4000-8000-000000000001", "3f0c8d1e-0000-4000-8000-000000000002"
    await home.talk("My name is Anna.", talk=FakeTalk(browser=mine))
    await home.learned()
    assert await home.texts(f"browser:{mine}") == ["The user's name is Anna."]
    assert await home.talk(talk=FakeTalk("conv_2")) == ""
    assert await home.talk(talk=FakeTalk("conv_3", browser=other)) == ""
    assert "Anna" in await home.talk(talk=FakeTalk("conv_4", browser=mine))
    # A device, and a known voice, say more than the browser.
    assert await home.talk(talk=FakeTalk("conv_5", device_id="aa:bb", browser=mine)) == ""
    home.speaker = "spk_1"
    assert await home.talk(talk=FakeTalk("conv_6", browser=mine)) == ""


async def test_what_was_told_before_can_be_given_to_a_browser(home: Home) -> None:
    mine = "browser:3f0c8d1e-0000-4000-8000-000000000001"
    library = home.room.library
    first = await library.add("mei", "browser", "Her name is Anna.")
    second = await library.add("robin", "browser", "She likes tea.")
    assert await library.move(None, "mei", "browser", mine) == (first.id,)
    assert (await home.texts(mine), await home.texts()) == (["Her name is Anna."], [])
    assert await library.move([first.id, second.id], None, None, mine) == (second.id,)
    assert home.told[-1] == {"agent": "robin", "who": mine, "change": "moved", "ids": [second.id]}
    await library.delete(second.id)
    assert await library.move([second.id], None, None, "browser") == ()


async def test_a_newer_fact_takes_the_place_of_the_older(home: Home) -> None:
    home.model.answers = [
        facts((1, "home", "The user lives in Leeds."), (2, "likes", "The user likes coffee.")),
        facts((1, "home", "The user lives in York."), (2, "likes", "The user likes coffee.")),
        facts((1, "name", "The user's sister is called Mary.")),
    ]
    await home.talk("I live in Leeds. I like coffee.")
    await home.learned()
    await home.talk("I live in York. I like coffee.", talk=FakeTalk("conv_2"))
    await home.learned()
    assert sorted(await home.texts()) == ["The user likes coffee.", "The user lives in York."]
    await home.talk("My sister is called Mary.", talk=FakeTalk("conv_3"))
    await home.learned()
    assert len(await home.texts()) == 3


async def test_what_was_given_up_takes_the_place_of_what_was_liked(home: Home) -> None:
    home.model.answers = [
        facts((1, "likes", "The user likes coffee with milk in the morning.")),
        facts(),  # a small model overlooks it
    ]
    await home.talk("I like coffee with milk in the morning.")
    await home.learned()
    await home.talk("By the way, I gave up coffee.", talk=FakeTalk("conv_2"))
    await home.learned()
    assert await home.texts() == ["“By the way, I gave up coffee.”"]
    known = await home.talk(talk=FakeTalk("conv_3"))
    assert "gave up coffee" in known and "likes coffee" not in known


async def test_who_moves_keeps_the_people_they_live_with(home: Home) -> None:
    home.model.answers = [
        facts(
            (1, "home", "The user lives in Bristol with their wife Lucy."), (2, "home", "用户每周五下象棋。")
        ),
        facts((1, "home", "The user moved to Cardiff last week.")),
    ]
    await home.talk("I live in Bristol with my wife Lucy. 我每周五下象棋。")
    await home.learned()
    await home.talk("We moved to Cardiff last week.", talk=FakeTalk("conv_2"))
    await home.learned()
    chess, moved = sorted(await home.texts(), key=lambda text: "Lucy" in text)
    assert "象棋" in chess and moved.startswith("The user moved to Cardiff") and "wife Lucy" in moved


async def test_what_a_person_wrote_is_left_alone(home: Home) -> None:
    home.model.answers = [NAME, NAME]
    await home.talk("My name is Anna.")
    await home.learned()
    (row,) = await home.repository.of("mei", "browser")
    await home.room.library.change(row.id, "Her name is Anna; she is called Annie.")
    await home.talk("My name is Anna.", talk=FakeTalk("conv_2"))
    await home.learned()
    assert await home.texts() == ["Her name is Anna; she is called Annie."]


async def test_small_talk_asks_no_model(home: Home) -> None:
    await home.talk("Hello there.", "What time is it?")
    await home.learned()
    assert home.model.asked == []


async def test_nothing_is_noted_where_nothing_may_be_kept(home: Home) -> None:
    await home.talk("My name is Anna.", talk=FakeTalk(kept=False))
    await home.talk("My name is Anna.", talk=FakeTalk(memory="none"))
    await home.room.learner.write()
    assert await home.repository.waiting() == ()


async def test_further_facts_are_recalled_by_the_words(make: MakeHome) -> None:
    home = make()
    whose = FakeTalk()
    await home.talk()
    for number in range(14):
        await home.room.library.add("mei", "browser", f"Anna keeps item {number * 7} in box {number}.")
    await home.room.library.add("mei", "browser", "The zucchini quiche is a favourite.")
    for row in (await home.repository.of("mei", "browser"))[:1]:
        await home.repository.change(row.id, updated_at=row.created_at.replace(year=2020))
    known = await home.room.opening(whose)
    assert "zucchini" not in known
    assert "zucchini quiche" in await home.room.enrich(whose, "What about a zucchini quiche?", None)


async def test_without_an_embedder_the_opening_is_still_told(home: Home) -> None:
    home.missing = NotReady("The embedder is being made ready.")
    await home.room.library.add("mei", "browser", "Her name is Anna.")
    assert "Anna" in await home.talk("Hello", talk=FakeTalk("conv_2"))


async def test_a_stopped_server_leaves_its_turns_to_the_next(make: MakeHome) -> None:
    first = make()
    first.model.open.clear()
    first.model.answers = [NAME]
    await first.talk("My name is Anna.")
    await first.model.begun.wait()
    first.room.after_turn(FakeTalk("conv_2"), "unheard", "")
    await first.room.stop()
    second = make()
    second.model.answers = [NAME]
    await second.learned()
    assert await second.texts() == ["The user's name is Anna."]


async def test_a_failing_model_is_tried_again_and_one_that_babbles_given_up(home: Home) -> None:
    home.model.answers = [EngineFailed("It broke."), NAME]
    await home.talk("My name is Anna.")
    await home.learned()
    assert await home.texts() == ["The user's name is Anna."]
    home.model.answers = ["What a nice day!"] * 3
    await home.talk("I like tea.", talk=FakeTalk("conv_2"))
    await home.learned()
    assert home.model.answers == [] and len(await home.texts()) == 1


async def test_a_conversation_is_learned_from_at_its_end_or_after_many_turns(make: MakeHome) -> None:
    home = make(learn_turns=2)
    home.model.answers = [facts()]
    await home.talk("I like tea.", ends=False)
    await home.room.learner.write()
    assert not await home.room.learner.once() and home.model.asked == []
    await home.talk("I like rice.", ends=False)
    await home.learned()
    assert len(home.model.asked) == 1


async def test_a_conversation_that_is_thrown_away_is_not_learned_from(make: MakeHome) -> None:
    home = make(start=False)
    await home.talk("My name is Anna.")
    await home.talk("I like tea.", talk=FakeTalk("conv_2"))
    await home.room.forget_conversations(["conv_1"])
    assert [row.said for row in await home.repository.waiting()] == ["I like tea."]


async def test_what_is_said_while_the_server_stops_is_written(make: MakeHome) -> None:
    home = make()
    await home.room.opening(FakeTalk())
    await home.room.learner.rest()
    home.room.after_turn(FakeTalk(), "My name is Anna.", "Nice to")
    await home.room.stop()
    assert [row.said for row in await home.repository.waiting()] == ["My name is Anna."]


async def test_erasing_stops_what_is_being_learned(home: Home) -> None:
    home.model.open.clear()
    home.model.answers = [NAME]
    await home.room.library.add("mei", "browser", "She likes tea.")
    await home.talk("My name is Anna.")
    await home.model.begun.wait()
    (gone,) = await home.room.library.erase(None, "mei", "browser")
    home.model.open.set()
    await home.learned()
    assert await home.texts() == []
    assert await home.room.library.restore([gone]) == (gone,)
    assert await home.texts() == ["She likes tea."]
    await home.room.library.delete(gone)
    assert await home.repository.purge(now()) == (gone,)
    assert await home.room.library.restore([gone]) == ()


async def test_the_summary_keeps_only_what_was_said(home: Home) -> None:
    home.model.answers = ["The user's name is Anna. She lives in Paris. She has two cats."]
    talk = FakeTalk(memory="summary")
    await home.talk("My name is Anna.", "I have two cats.", talk=talk)
    await home.learned()
    assert await home.texts() == ["The user's name is Anna. The user has two cats."]
    home.model.answers = ["The user has three cats. They like tea."]
    await home.talk("I have three cats now, and I like tea.", talk=FakeTalk("conv_2", memory="summary"))
    await home.learned()
    (summary,) = await home.texts()
    assert summary == "The user's name is Anna. The user has three cats. They like tea."
    await home.talk("What's the time?", "Thanks.", talk=FakeTalk("conv_3", memory="summary"))
    await home.learned()
    assert await home.texts() == [summary] and home.model.answers == []


async def test_what_a_model_makes_up_is_not_in_the_summary(home: Home) -> None:
    home.model.answers = ["The user likes hiking in Norway."]
    await home.talk("My name is Anna. Are you well?", talk=FakeTalk(memory="summary"))
    await home.learned()
    assert await home.texts() == ["“My name is Anna.”"]


async def test_the_oldest_goes_where_there_are_too_many(make: MakeHome) -> None:
    home = make(max_notes=2)
    for number, word in enumerate(("apples", "bridges", "castles")):
        home.model.answers = [facts((1, "likes", f"The user likes {word}."))]
        await home.talk(f"I like {word}.", talk=FakeTalk(f"conv_{number}"))
        await home.learned()
    assert await home.texts() == ["The user likes castles.", "The user likes bridges."]


async def test_two_conversations_at_once(home: Home) -> None:
    home.model.answers = [facts((1, "other", "")), facts((1, "other", ""))]
    await asyncio.gather(
        home.talk("My name is Anna."), home.talk("I like tea.", talk=FakeTalk("conv_2", device_id="aa:bb"))
    )
    await home.learned()
    assert (await home.texts(), await home.texts("aa:bb")) == (["“My name is Anna.”"], ["“I like tea.”"])
