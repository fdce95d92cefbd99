"""Agents: shipped, made, changed, set back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from kaikou.agents.persona import Agent, checked
from kaikou.agents.service import AgentService
from kaikou.agents.shipped import SHIPPED
from kaikou.errors import InvalidInput, NotFound
from kaikou.settings.tree import Settings
from kaikou.store.agents import AgentRepository
from kaikou.store.database import Database


@pytest.fixture
async def agents(tmp_path: Path) -> AsyncIterator[AgentService]:
    database = await Database.open(Settings(data_dir=tmp_path))
    yield AgentService(AgentRepository(database))
    await database.close()


async def test_the_shipped_ones_are_there_at_once(agents: AgentService) -> None:
    found = await agents.all()
    assert found == SHIPPED
    assert {agent.language for agent in found} == {"en", "zh", None}
    assert (await agents.get(agents.default_id)).shipped


@pytest.mark.parametrize("agent", SHIPPED, ids=lambda agent: agent.id)
def test_shipped_prompts_suit_a_small_model_and_a_voice(agent: Agent) -> None:
    assert checked(agent) is agent
    assert len(agent.prompt) < 800
    assert "[happy]" in agent.prompt
    assert "Markdown" in agent.prompt
    assert agent.greeting and agent.description
    assert not set("*_#`") & set(agent.greeting)


async def test_making_changing_and_deleting(agents: AgentService) -> None:
    made = await agents.create({"name": " Ada ", "prompt": "p", "engines": {"llm": "llama"}, "voice": "v"})
    assert made.id.startswith("agent_") and made.name == "Ada" and not made.shipped
    assert await agents.get(made.id) == made
    changed = await agents.update(made.id, {"name": "Grace", "voice": None})
    assert (changed.name, changed.voice, changed.prompt) == ("Grace", None, "p")
    assert changed.created_at == made.created_at and changed.updated_at > made.updated_at
    assert await agents.all() == (*SHIPPED, changed)
    await agents.delete(made.id)
    for call in (agents.get(made.id), agents.delete(made.id), agents.update(made.id, {"name": "x"})):
        with pytest.raises(NotFound) as caught:
            await call
        assert caught.value.code == "agent_not_found"


async def test_what_decides_about_its_tools_is_the_agents_or_the_settings(agents: AgentService) -> None:
    made = await agents.create({"name": "Ada", "prompt": "p", "intent": "router"})
    assert (await agents.get(made.id)).intent == "router"
    assert (await agents.duplicate(made.id)).intent == "router"
    assert (await agents.update(made.id, {"intent": None})).intent is None
    with pytest.raises(InvalidInput) as caught:
        await agents.update(made.id, {"intent": "../x"})
    assert caught.value.param == "intent"


async def test_a_shipped_one_can_be_changed_and_set_back(agents: AgentService) -> None:
    shipped = SHIPPED[0]
    changed = await agents.update(shipped.id, {"prompt": "mine"})
    assert changed.shipped and changed.changed and changed.greeting == shipped.greeting
    assert (await agents.all())[0] == changed
    await agents.delete(shipped.id)
    assert await agents.get(shipped.id) == shipped
    with pytest.raises(InvalidInput) as caught:
        await agents.delete(shipped.id)
    assert (caught.value.code, caught.value.status) == ("agent_shipped", 409)


async def test_an_id_is_taken_once(agents: AgentService) -> None:
    await agents.create({"id": "mine", "name": "a", "prompt": "p"})
    for taken in ("mine", SHIPPED[0].id):
        with pytest.raises(InvalidInput) as caught:
            await agents.create({"id": taken, "name": "a", "prompt": "p"})
        assert (caught.value.code, caught.value.status) == ("agent_exists", 409)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "no spaces"),
        ("id", "../x"),
        ("name", "  "),
        ("name", "x" * 81),
        ("prompt", ""),
        ("prompt", "x" * 16_001),
        ("greeting", "x" * 1_001),
        ("description", "x" * 1_001),
        ("language", "english, please"),
        ("voice", ""),
        ("engines", {"ears": "x"}),
        ("engines", {"llm": ""}),
    ],
)
async def test_what_is_wrong_is_named(agents: AgentService, field: str, value: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        await agents.create({"name": "a", "prompt": "p"} | {field: value})
    assert (caught.value.code, caught.value.param) == ("invalid_agent", field)
    assert await agents.all() == SHIPPED
